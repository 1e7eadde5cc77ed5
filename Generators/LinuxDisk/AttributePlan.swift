import FileTree

/// Which blocks the extended attributes of a tree need besides inodes.
///
/// Files with equal attributes in a block share it. Nothing is kept for a file;
/// of a block, what it is made from when it is read.
struct AttributePlan: Sendable {
  /// Most inodes that share a block (`EXT4_XATTR_REFCOUNT_MAX`).
  static let shareLimit = 1024

  /// The blocks with different attributes, by the tree's sets; `nil` if there are none.
  private var contents: [UInt32?] = []
  /// The first block of each content; the blocks of one lie side by side.
  private var firstBlocks: [UInt32] = []
  /// All blocks.
  private(set) var blocks: [Block] = []

  /// A block.
  struct Block {
    /// A set of the tree, of which the block holds what is not in inodes.
    var set: UInt32
    /// Number of inodes that have it (`h_refcount`).
    var shareCount: UInt32 = 0
    /// The first of them, as a file; the others follow before the next block's.
    var firstFile: UInt32 = 0
  }

  /// Plans for the whole tree; attributes that do not fit are left out.
  init(_ tree: Tree, _ numbering: InodeNumbering, _ format: Format) {
    guard tree.attributeSets.count > 1 else { return }
    var representatives: [UInt32] = []
    findContents(of: tree, format, &representatives)
    guard !representatives.isEmpty else { return }
    var counts = [Int](repeating: 0, count: representatives.count)
    let files = (0..<numbering.fileCount).lazy.map { tree.nodes[numbering.node(ofFile: $0)] }
    for node in files {
      if let content = contents[Int(node.attributes)] { counts[Int(content)] += 1 }
    }
    for (set, count) in zip(representatives, counts) {
      firstBlocks.append(UInt32(blocks.count))
      let blockCount = (count + Self.shareLimit - 1) / Self.shareLimit
      blocks.append(contentsOf: repeatElement(Block(set: set), count: blockCount))
    }
    firstBlocks.append(UInt32(blocks.count))
    var shares = [Int](repeating: 0, count: representatives.count)
    for (file, node) in files.enumerated() {
      guard let content = contents[Int(node.attributes)].map(Int.init) else { continue }
      let block = Int(firstBlocks[content]) + shares[content] / Self.shareLimit
      shares[content] += 1
      if blocks[block].shareCount == 0 { blocks[block].firstFile = UInt32(file) }
      blocks[block].shareCount += 1
    }
  }

  /// Finds out which sets need a block, and which of them the same.
  private mutating func findContents(
    of tree: Tree,
    _ format: Format,
    _ representatives: inout [UInt32]
  ) {
    var known: [[StoredAttribute]: UInt32] = [:]
    contents.reserveCapacity(tree.attributeSets.count)
    for (index, set) in tree.attributeSets.enumerated() {
      guard let split = try? AttributeSplit(set, format), !split.inBlock.isEmpty else {
        contents.append(nil)
        continue
      }
      let content = known[split.inBlock] ?? UInt32(representatives.count)
      if known.updateValue(content, forKey: split.inBlock) == nil {
        representatives.append(UInt32(index))
      }
      contents.append(content)
    }
  }

  /// The block of a file that is or shows a node, by its number among all blocks; `nil`
  /// if it needs none.
  func block(of node: Node, at file: Int) -> Int? {
    guard Int(node.attributes) < contents.count,
      let content = contents[Int(node.attributes)].map(Int.init)
    else { return nil }
    var low = Int(firstBlocks[content])
    var high = Int(firstBlocks[content + 1])
    // The last block that starts at the file or before.
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(blocks[middle].firstFile) <= file { low = middle } else { high = middle }
    }
    return low
  }
}
