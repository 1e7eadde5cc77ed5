/// The blocks of a file's extent tree (ext4): leaves first, then one level of
/// index blocks after the other, until at most four fit into the inode.
///
/// Layout: "Extent Tree" in the kernel's ext4 documentation.
struct ExtentTree: Sendable {
  static let entriesInInode = 4
  /// Blocks of one extent, at most (`EXT_INIT_MAX_LEN`).
  static let extentLimit = 32768

  /// Number of extents.
  let extentCount: Int

  /// Entries of 12 bytes behind a header of 12 bytes; what is left of a block has room
  /// for a checksum.
  let entriesPerBlock: Int

  /// Number of blocks at each level, leaves first; empty if the inode suffices.
  let levels: [Int]

  /// Plans the tree for `extentCount` extents.
  init(extentCount: Int, blockSize: Int) {
    self.extentCount = extentCount
    entriesPerBlock = (blockSize - 12) / 12
    var levels: [Int] = []
    var count = extentCount
    while count > Self.entriesInInode {
      count = (count + entriesPerBlock - 1) / entriesPerBlock
      levels.append(count)
    }
    self.levels = levels
  }

  /// Number of blocks.
  var blockCount: Int { levels.reduce(0, +) }

  /// What the entries of the root, in the inode, refer to.
  var root: Node { node(level: levels.count, index: 0, limit: Self.entriesInInode) }

  /// What the entries of block `number` refer to.
  func block(_ number: Int) -> Node {
    var index = number
    var level = 0
    while index >= levels[level] {
      index -= levels[level]
      level += 1
    }
    return node(level: level, index: index, limit: entriesPerBlock)
  }

  private func node(level: Int, index: Int, limit: Int) -> Node {
    let available = level == 0 ? extentCount : levels[level - 1]
    let first = index * entriesPerBlock
    let children = first..<min(first + limit, available)
    let blocksBelow = level == 0 ? 0 : levels[..<(level - 1)].reduce(0, +)
    var extentsPerChild = 1
    for _ in 0..<level { extentsPerChild *= entriesPerBlock }
    return Node(
      depth: level,
      limit: limit,
      children: children,
      firstBlock: blocksBelow,
      extentsPerChild: extentsPerChild
    )
  }

  /// A node of the tree.
  struct Node {
    /// Levels below it (`eh_depth`); 0 for one with extents.
    var depth: Int
    /// Entries it has room for (`eh_max`).
    var limit: Int
    /// At depth 0 the extents; else the blocks of the level below, counted
    /// from that level's first.
    var children: Range<Int>
    /// Number of the first block of the level below.
    var firstBlock: Int
    /// How many extents a child spans, when it is full.
    var extentsPerChild: Int
  }
}
