import DiskModel

/// The checksums of groups' bitmaps (metadata_csum), which the group descriptors hold.
///
/// Most groups of a filesystem are wholly used or wholly free, so few are computed.
struct GroupChecksums {
  private let geometry: Geometry
  private let start: Checksum
  private let blockBitmaps: BlockBitmaps
  private let inodeBitmaps: InodeBitmaps

  /// By how much of a bitmap is in use, where that tells all of it.
  private var known: [Key: UInt32] = [:]

  private enum Key: Hashable {
    /// None, or all of the group's blocks are free.
    case blocks(isFree: Bool)
    /// So many inodes are used.
    case inodes(Int)
  }

  init(_ geometry: Geometry, start: Checksum, highWater: Int, lastInode: Int) {
    self.geometry = geometry
    self.start = start
    blockBitmaps = BlockBitmaps(geometry, highWater: highWater)
    inodeBitmaps = InodeBitmaps(geometry, lastInode: lastInode)
  }

  /// The checksum of group `group`'s block bitmap, `freeCount` of whose blocks are free.
  mutating func blockBitmap(of group: Int, freeCount: Int) -> UInt32 {
    let isWhole = geometry.blocks(ofGroup: group).count == geometry.blocksPerGroup
    let isPlain = isWhole && (freeCount == 0 || freeCount == geometry.blocksPerGroup)
    let key = isPlain ? Key.blocks(isFree: freeCount > 0) : nil
    return value(of: blockBitmaps, group, bitCount: geometry.blocksPerGroup, key)
  }

  /// The checksum of group `group`'s inode bitmap, `usedCount` of whose inodes are used.
  mutating func inodeBitmap(of group: Int, usedCount: Int) -> UInt32 {
    value(of: inodeBitmaps, group, bitCount: geometry.inodesPerGroup, .inodes(usedCount))
  }

  private mutating func value(
    of bitmaps: some BlockwiseSource,
    _ group: Int,
    bitCount: Int,
    _ key: Key?
  ) -> UInt32 {
    if let key, let value = known[key] { return value }
    var checksum = start
    checksum.add(bitmaps.unit(group).prefix(bitCount / 8))
    if let key { known[key] = checksum.value }
    return checksum.value
  }
}
