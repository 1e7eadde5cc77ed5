/// Where libext2fs put things, in blocks of the filesystem.
struct Geometry: Sendable {
  /// Blocks of the filesystem.
  var blockCount: Int
  var blocksPerGroup: Int
  var inodesPerGroup: Int
  /// Blocks of one group's inode table.
  var inodeTableBlocks: Int
  var groups: [Group]
  /// The blocks that nothing is in yet, as ascending runs.
  var freeRuns: [Range<Int>]

  /// First blocks of a group's tables.
  struct Group: Sendable {
    var blockBitmap: Int
    var inodeBitmap: Int
    var inodeTable: Int
  }

  /// One endless run of free blocks, to count with.
  static let unlimited = Geometry(
    blockCount: 0,
    blocksPerGroup: 8 * blockSize,
    inodesPerGroup: 0,
    inodeTableBlocks: 0,
    groups: [],
    freeRuns: []
  )

  /// All inodes, used or not.
  var inodeCount: Int { inodesPerGroup * groups.count }

  /// The blocks of group `index`.
  func blocks(ofGroup index: Int) -> Range<Int> {
    let start = index * blocksPerGroup
    return start..<min(start + blocksPerGroup, blockCount)
  }
}
