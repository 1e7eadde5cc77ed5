import GeneratorKit

/// How a filesystem is made: its features, the sizes of what it consists of, and
/// what follows from them.
struct Format: Sendable, Equatable {
  var type: FilesystemType
  var features: FeatureSet
  /// Size of a block in bytes: 1,024, 2,048 or 4,096.
  var blockSize: Int
  /// Size of an inode in bytes: a power of two from 128 to the size of a block.
  var inodeSize: Int
  /// Blocks of the journal; 0 without one.
  var journalBlocks: Int
  /// Whether a filesystem that has too many blocks for 32 bits gets the feature
  /// 64bit by itself.
  var mayWiden: Bool

  /// The format that a type has unless something else is chosen.
  init(_ type: FilesystemType) {
    self.type = type
    features = type.defaultFeatures
    blockSize = 4096
    inodeSize = 256
    journalBlocks = features.contains(.hasJournal) ? Self.leastJournalBlocks : 0
    mayWiden = features.contains(.extents)
  }

  /// The fewest blocks of a journal that the kernel takes
  /// (`JBD2_MIN_JOURNAL_BLOCKS`); a disk that is only read never writes to it.
  static let leastJournalBlocks = 1024

  /// Whether files are mapped by extents rather than by indirect blocks.
  var usesExtents: Bool { features.contains(.extents) }

  /// Whether all metadata has checksums.
  var hasChecksums: Bool { features.contains(.metadataChecksums) }

  /// The block of the superblock (`s_first_data_block`), with which the first group
  /// starts: small blocks leave it behind the 1,024 bytes of a boot sector.
  var firstBlock: Int { blockSize == 1024 ? 1 : 0 }

  /// Blocks of a group: as many as a bitmap of one block has bits.
  var blocksPerGroup: Int { 8 * blockSize }

  var inodesPerBlock: Int { blockSize / inodeSize }

  /// Bytes of an inode behind the first 128 that are in use (`i_extra_isize`): up to
  /// `i_projid`.
  var extraInodeSize: Int { inodeSize > 128 ? 32 : 0 }

  /// The times that inodes can hold: 32 bits of seconds, signed, and in large ones
  /// two more bits that count up from there.
  var timeRange: ClosedRange<Int64> {
    -(1 << 31)...((inodeSize > 128 ? 1 << 34 : 1 << 32) - (1 << 31) - 1)
  }

  /// Block numbers behind the last one that is possible.
  ///
  /// The group descriptors, of which each of their copies is inside one group, are
  /// left three quarters of it. Where every group has a copy they would outgrow the
  /// data.
  var blockLimit: Int {
    let descriptorSize = mayWiden || features.contains(.wideBlockNumbers) ? 64 : 32
    let groups = blocksPerGroup / 4 * 3 * (blockSize / descriptorSize)
    let limit = min(features.contains(.sparseSuper) ? groups : 2048, groups) * blocksPerGroup
    return descriptorSize == 64 ? limit : min(limit, (1 << 32) - 1)
  }

  /// The largest filesystem in bytes.
  var sizeLimit: Int { blockLimit * blockSize }

  /// What is wrong with a filesystem of more than ``sizeLimit`` bytes, and what may have
  /// more.
  var sizeLimitProblem: String {
    let advice: String
    if !features.contains(.sparseSuper) {
      advice = "; sparse_super leaves room for more"
    } else if blockSize < 4096 {
      advice = "; block-size=4096 leaves room for more"
    } else if type != .ext4 {
      advice = "; type=ext4 has room for more"
    } else {
      advice = mayWiden ? "" : "; the features extent and 64bit leave room for more"
    }
    let kind = "\(type.rawValue) filesystems of such blocks and features"
    return "\(kind) have at most \(Size.describe(sizeLimit))\(advice)"
  }

  /// The largest file in bytes, as the kernel's ext4 driver has it.
  ///
  /// Without huge_file `i_blocks` counts 2^32 sectors, the map's blocks included; block
  /// numbers within a file have 32 bits (`ext4_max_bitmap_size`, `ext4_max_size`).
  var fileSizeLimit: Int {
    guard features.contains(.largeFile) else { return (1 << 31) - 1 }
    let pointers = blockSize / 4
    let mapped = 12 + pointers + pointers * pointers + pointers * pointers * pointers
    let mapBlocks = 3 + 2 * pointers + pointers * pointers
    var blocks = usesExtents ? (1 << 32) - 1 : mapped
    if !features.contains(.hugeFile) {
      blocks = min(blocks, (1 << 32) / (blockSize / 512) - 1 - mapBlocks)
    }
    return blocks * blockSize
  }

  /// The longest target of a symbolic link: it fills a block with the zero that ends
  /// it.
  var targetLimit: Int { blockSize - 1 }

  /// What is not as the type has it by itself, as texts; empty for the default.
  var differences: [String] {
    let usual = Format(type)
    guard self != usual else { return [] }
    let names = features.members.map(\.rawValue)
    return ["\(blockSize)", "\(inodeSize)", "\(journalBlocks)"] + names
  }
}
