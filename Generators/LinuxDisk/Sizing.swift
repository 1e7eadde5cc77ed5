/// How many blocks a filesystem needs for what should be in it: a close guess,
/// which an attempt at formatting either confirms or raises.
struct Sizing {
  /// Inodes that there must be.
  let inodeCount: Int

  /// Blocks for content and spare room, and what attempts found missing.
  private var contentBlocks: Int

  private var leastBlockCount = 0

  init(inodeCount: Int, contentBlocks: Int) {
    self.inodeCount = inodeCount
    self.contentBlocks = contentBlocks
  }

  /// Takes into account that `blocks` were missing.
  mutating func add(_ blocks: Int) {
    leastBlockCount = blockCount + 1
    contentBlocks += blocks
  }

  private static let blocksPerGroup = 8 * blockSize

  /// Most inodes of a group: a bitmap of one block, less what rounding adds.
  private static let inodeLimitPerGroup = 8 * blockSize - 16

  /// Sizes are multiples of 1 MiB.
  private static let granularity = (1 << 20) / blockSize

  /// The filesystem's size in blocks.
  var blockCount: Int {
    var total = max(contentBlocks, leastBlockCount)
    // Tables grow with the number of groups, and that with the tables.
    for _ in 0..<16 {
      let groups = max(
        Self.divideUp(total, by: Self.blocksPerGroup),
        Self.divideUp(inodeCount, by: Self.inodeLimitPerGroup)
      )
      let inodesPerBlock = blockSize / inodeSize
      let tableBlocks = Self.divideUp(
        Self.divideUp(inodeCount, by: groups),
        by: inodesPerBlock
      )
      let descriptorBlocks = Self.divideUp(groups * 64, by: blockSize)
      let head = 2 + tableBlocks
      let overhead = groups * head + Self.backupCount(groups) * (1 + descriptorBlocks)
      var next = max(contentBlocks + overhead, leastBlockCount)
      if groups > 1 { next = max(next, (groups - 1) * Self.blocksPerGroup) }
      // A last group that cannot hold its own head would be cut off.
      let rest = next % Self.blocksPerGroup
      let leastRest = head + 1 + descriptorBlocks + 50
      if rest < leastRest { next += leastRest - rest }
      next = Self.divideUp(next, by: Self.granularity) * Self.granularity
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
