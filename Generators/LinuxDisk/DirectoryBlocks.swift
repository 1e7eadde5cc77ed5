import DiskModel
import FileTree

/// The blocks of a directory, made from the tree when they are read.
///
/// Layout: "Linear (Classic) Directories" and "Hash Tree Directories" in the
/// kernel's ext4 documentation.
final class DirectoryBlocks: BlockwiseSource {
  private let catalog: Catalog
  private let directory: Directory
  private let blockSize: Int

  /// Where the blocks' checksums start from.
  private let checksum: Checksum?

  var unitSize: Int { blockSize }

  init(_ directory: Directory, in catalog: Catalog) {
    self.catalog = catalog
    self.directory = directory
    blockSize = catalog.format.blockSize
    checksum = catalog.checksum?.ofInode(catalog.inode(of: directory))
  }

  func appendUnit(_ number: Int, to output: inout OutputRawSpan) {
    let entryCount = catalog.entryCount(of: directory)
    switch catalog.plan(directory) {
    case .single:
      append(0..<entryCount, to: &output)
    case .linear(let firstEntries):
      let isLast = number + 1 == firstEntries.count
      let end = isLast ? entryCount : Int(firstEntries[number + 1])
      append(Int(firstEntries[number])..<end, to: &output)
    case .indexed(let index):
      switch index.block(number) {
      case .root(let children): appendRoot(of: index, children, to: &output)
      case .node(let children): appendNode(of: index, children, to: &output)
      case .leaf(let entries): append(entries.lazy.map(Int.init), to: &output)
      }
    }
  }

  /// Appends a block of entries.
  private func append(_ numbers: some Collection<Int>, to output: inout OutputRawSpan) {
    let start = output.byteCount
    let room = checksum == nil ? blockSize : blockSize - DirectoryPlan.tailSize
    var rest = numbers.count
    for number in numbers {
      let entry = catalog.entry(number, of: directory)
      rest -= 1
      // The last entry reaches to the end of the block, or to the checksum.
      let length = rest == 0 ? room - (output.byteCount - start) : nil
      append(entry, length: length, to: &output)
    }
    output.pad(to: room, since: start)
    guard var checksum else { return }
    checksum.add(output.bytes.extracting(start..<output.byteCount))
    output.append(littleEndian: UInt32(0))  // 0x00 det_reserved_zero1
    output.append(littleEndian: UInt16(DirectoryPlan.tailSize))  // 0x04 det_rec_len
    output.append(0)  // 0x06 det_reserved_zero2
    output.append(0xDE)  // 0x07 det_reserved_ft
    output.append(littleEndian: checksum.value)  // 0x08 det_checksum
  }

  /// Appends an entry and zeros up to its size, and says that it has `length`
  /// bytes (`rec_len`) instead.
  private func append(
    _ entry: DirectoryEntry,
    length: Int? = nil,
    to output: inout OutputRawSpan
  ) {
    let size = DirectoryPlan.entrySize(nameLength: entry.name.count)
    let hasType = catalog.format.features.contains(.fileType)
    output.append(littleEndian: UInt32(truncatingIfNeeded: entry.inode))
    output.append(littleEndian: UInt16(length ?? size))
    output.append(UInt8(entry.name.count))
    output.append(hasType ? entry.type.rawValue : 0)
    for byte in entry.name { output.append(byte) }
    output.append(zeros: size - 8 - entry.name.count)
  }

  /// Appends the root of an index (`dx_root`): `.` and a `..` that covers the
  /// block, so that whoever knows of no index sees no other entries.
  private func appendRoot(
    of index: DirectoryIndex,
    _ children: DirectoryIndex.Children,
    to output: inout OutputRawSpan
  ) {
    let start = output.byteCount
    append(catalog.entry(0, of: directory), to: &output)
    append(catalog.entry(1, of: directory), length: blockSize - 12, to: &output)
    output.append(littleEndian: UInt32(0))  // 0x18 reserved_zero
    output.append(1)  // 0x1C hash_version: half MD4, signed or not as s_flags has it
    output.append(8)  // 0x1D info_length
    output.append(UInt8(index.levelCount))  // 0x1E indirect_levels
    output.append(0)  // 0x1F unused_flags
    append(children, limit: index.shape.rootLimit, of: index, since: start, to: &output)
  }

  /// Appends another node of an index (`dx_node`), behind an entry for nothing
  /// that covers the block.
  private func appendNode(
    of index: DirectoryIndex,
    _ children: DirectoryIndex.Children,
    to output: inout OutputRawSpan
  ) {
    let start = output.byteCount
    output.append(littleEndian: UInt32(0))  // 0x00
    output.append(littleEndian: UInt16(blockSize))  // 0x04
    output.append(zeros: 2)  // 0x06
    append(children, limit: index.shape.nodeLimit, of: index, since: start, to: &output)
  }

  /// Appends hashes and blocks (`dx_entry`) and the rest of a block that began at
  /// `start`; in place of the first hash, which needs none, are limit and count
  /// (`dx_countlimit`).
  private func append(
    _ children: DirectoryIndex.Children,
    limit: Int,
    of index: DirectoryIndex,
    since start: Int,
    to output: inout OutputRawSpan
  ) {
    output.append(littleEndian: UInt16(limit))
    output.append(littleEndian: UInt16(children.count))
    output.append(littleEndian: UInt32(children.firstBlock))
    for child in 0..<children.count where child > 0 {
      output.append(littleEndian: index.hash(ofChild: child, in: children))
      output.append(littleEndian: UInt32(children.firstBlock + child))
    }
    guard var checksum else { return output.pad(to: blockSize, since: start) }
    // It is over what is used, and over itself (dx_tail) as zeros.
    checksum.add(output.bytes.extracting(start..<output.byteCount))
    checksum.add(littleEndian: UInt64(0))
    output.pad(to: blockSize - 4, since: start)
    output.append(littleEndian: checksum.value)
  }
}

/// A directory of the filesystem.
enum Directory: Sendable {
  /// A directory of the tree.
  case node(Int)
  /// The lost+found that the tree lacks.
  case lostAndFound
}
