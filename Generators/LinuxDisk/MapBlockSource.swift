import DiskModel

/// The blocks that hold a file's map, made from its runs when they are read.
final class MapBlockSource: BlockwiseSource {
  private let map: FileMap
  private let blocks: MapBlocks

  /// Where the checksums of extent blocks start from.
  private let checksum: Checksum?

  let unitSize: Int

  /// The map of an inode; `checksum` is where the inode's start from.
  init(_ map: FileMap, blocks: MapBlocks, _ format: Format, checksum: Checksum?) {
    self.map = map
    self.blocks = blocks
    self.checksum = checksum
    unitSize = format.blockSize
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let start = output.byteCount
    switch blocks.tree {
    case .indirect(let tree):
      switch tree.pointers(of: index) {
      case .data(let first):
        map.appendLocations(from: first, count: tree.pointerCount, to: &output)
      case .blocks(let numbers):
        for number in numbers {
          let location = number.map { blocks.location(of: $0) } ?? 0
          output.append(littleEndian: UInt32(truncatingIfNeeded: location))
        }
      }
    case .extents(let tree):
      for word in map.words(of: tree.block(index)) { output.append(littleEndian: word) }
      guard let checksum else { return output.pad(to: unitSize, since: start) }
      output.pad(to: 12 + 12 * tree.entriesPerBlock, since: start)
      output.appendChecksum(checksum, since: start)  // et_checksum
      output.pad(to: unitSize, since: start)
    }
  }
}

extension FileMap {
  /// Appends where logical blocks are, 32 bits each; 0 in a hole.
  func appendLocations(from first: Int, count: Int, to output: inout OutputRawSpan) {
    for block in first..<first + count {
      output.append(littleEndian: UInt32(truncatingIfNeeded: location(of: block) ?? 0))
    }
  }

  /// A node of the extent tree in 32-bit words: a header of three, then three
  /// for each entry.
  func words(of node: ExtentTree.Node) -> [UInt32] {
    var words: [UInt32] = [
      0xF30A | UInt32(node.children.count) << 16,  // eh_magic, eh_entries
      UInt32(node.limit) | UInt32(node.depth) << 16,  // eh_max, eh_depth
      0,  // eh_generation
    ]
    for child in node.children {
      if node.depth == 0 {
        let run = runs[runs.startIndex + child]
        words.append(run.logical)
        words.append(run.count | UInt32(run.physical >> 32) << 16)
        words.append(UInt32(truncatingIfNeeded: run.physical))
      } else {
        let location = mapBlocks?.location(of: node.firstBlock + child) ?? 0
        words.append(runs[runs.startIndex + child * node.extentsPerChild].logical)
        words.append(UInt32(truncatingIfNeeded: location))
        words.append(UInt32(truncatingIfNeeded: location >> 32))
      }
    }
    return words
  }

  /// What an inode says of the map: block pointers, or the extent tree's root.
  func inodeWords(_ format: Format) -> InlineArray<15, UInt32> {
    var words = InlineArray<15, UInt32>(repeating: 0)
    if format.usesExtents {
      var tree = ExtentTree(extentCount: runs.count, blockSize: format.blockSize)
      if case .extents(let planned)? = mapBlocks?.tree { tree = planned }
      for (index, word) in self.words(of: tree.root).enumerated() { words[index] = word }
      return words
    }
    for block in 0..<IndirectTree.directCount {
      words[block] = UInt32(truncatingIfNeeded: location(of: block) ?? 0)
    }
    if let mapBlocks, case .indirect(let tree) = mapBlocks.tree {
      for level in 0..<3 {
        let location = tree.top(level).map { mapBlocks.location(of: $0) } ?? 0
        words[IndirectTree.directCount + level] = UInt32(truncatingIfNeeded: location)
      }
    }
    return words
  }
}
