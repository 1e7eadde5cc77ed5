/// Where libext2fs put things, in blocks of the filesystem.
struct Geometry: Sendable {
  let format: Format
  /// Blocks of the filesystem, those before the first group included.
  var blockCount: Int
  var blocksPerGroup: Int
  var inodesPerGroup: Int
  /// Blocks of one group's inode table.
  var inodeTableBlocks: Int
  var groups: [Group]
  /// Blocks of one copy of the group descriptors.
  var descriptorBlocks = 0
  /// The blocks that nothing is in yet, as ascending runs.
  var freeRuns: [Range<Int>]

  /// First blocks of a group's tables.
  struct Group: Sendable {
    var blockBitmap: Int
    var inodeBitmap: Int
    var inodeTable: Int
    /// Whether the group starts with a copy of the superblock and the descriptors.
    var hasSuperblock = false
  }

  /// One endless run of free blocks, to count with.
  static func unlimited(_ format: Format) -> Geometry {
    Geometry(
      format: format,
      blockCount: 0,
      blocksPerGroup: format.blocksPerGroup,
      inodesPerGroup: 0,
      inodeTableBlocks: 0,
      groups: [],
      freeRuns: []
    )
  }

  /// All inodes, used or not.
  var inodeCount: Int { inodesPerGroup * groups.count }

  /// The blocks of group `index`.
  func blocks(ofGroup index: Int) -> Range<Int> {
    let start = format.firstBlock + index * blocksPerGroup
    return start..<min(start + blocksPerGroup, blockCount)
  }

  /// The same, of which less is free: only the free blocks in `gaps`, and those from
  /// `highWater` on.
  func remaining(gaps: [Range<Int>], highWater: Int) -> Geometry {
    var rest = self
    rest.freeRuns = gaps.flatMap { freeRuns(in: $0) }
    rest.freeRuns += freeRuns(in: highWater..<max(highWater, blockCount))
    return rest
  }
}
