/// How many blocks a filesystem needs for what should be in it: a close guess,
/// which an attempt at formatting either confirms or raises.
struct Sizing {
  let format: Format

  /// Inodes that there must be.
  let inodeCount: Int

  /// Blocks for content and spare room, and what attempts found missing.
  private var contentBlocks: Int

  private var leastBlockCount = 0

  init(_ format: Format, inodeCount: Int, contentBlocks: Int) {
    self.format = format
    self.inodeCount = inodeCount
    self.contentBlocks = contentBlocks
  }

  /// Takes into account that `blocks` were missing.
  mutating func add(_ blocks: Int) {
    leastBlockCount = blockCount + 1
    contentBlocks += blocks
  }

  /// Most inodes of a group: a bitmap of one block, less what rounding adds, and a table
  /// that leaves some of the group.
  private var inodeLimitPerGroup: Int {
    let rounding = max(8, format.inodesPerBlock)
    let tableLimit = format.blocksPerGroup / 4 * 3 * format.inodesPerBlock
    return min(8 * format.blockSize, tableLimit) - rounding
  }

  /// Sizes are multiples of 1 MiB.
  private var granularity: Int { (1 << 20) / format.blockSize }

  /// The filesystem's size in blocks.
  var blockCount: Int {
    let blocksPerGroup = format.blocksPerGroup
    var total = max(contentBlocks, leastBlockCount)
    // Tables grow with the number of groups, and that with the tables.
    for _ in 0..<16 {
      let groups = max(
        1,
        Self.divideUp(total - format.firstBlock, by: blocksPerGroup),
        Self.divideUp(inodeCount, by: inodeLimitPerGroup)
      )
      let tableBlocks = Self.divideUp(
        Self.divideUp(inodeCount, by: groups),
        by: format.inodesPerBlock
      )
      let descriptorBlocks = Self.divideUp(groups * 64, by: format.blockSize)
      let head = 2 + tableBlocks
      let backups = format.features.contains(.sparseSuper) ? Self.backupCount(groups) : groups
      let overhead = format.firstBlock + groups * head + backups * (1 + descriptorBlocks)
      var next = max(contentBlocks + overhead, leastBlockCount)
      if groups > 1 { next = max(next, format.firstBlock + (groups - 1) * blocksPerGroup) }
      // A last group that cannot hold its own head would be cut off.
      let rest = (next - format.firstBlock) % blocksPerGroup
      let leastRest = head + 1 + descriptorBlocks + 50
      if rest < leastRest { next += leastRest - rest }
      next = Self.divideUp(next, by: granularity) * granularity
      if next == total { break }
      total = next
    }
    return total
  }

  /// Groups with a superblock (sparse_super): 0, 1, and powers of 3, 5 and 7.
  private static func backupCount(_ groups: Int) -> Int {
    var count = min(groups, 2)
    for base in [3, 5, 7] {
      var group = base
      while group < groups {
        count += 1
        group *= base
      }
    }
    return count
  }

  private static func divideUp(_ value: Int, by divisor: Int) -> Int {
    (value + divisor - 1) / divisor
  }
}
