import CExt2FS

/// Which of the ext family a filesystem is.
enum FilesystemType: String, CaseIterable, Sendable {
  case ext2, ext3, ext4

  /// Whether files are mapped by extents rather than by indirect blocks.
  var usesExtents: Bool { self == .ext4 }

  /// Blocks of the journal; 0 without one.
  ///
  /// 1,024 is the least that the kernel takes (`JBD2_MIN_JOURNAL_BLOCKS`): a
  /// read-only disk never writes to it.
  var journalBlocks: Int { self == .ext3 ? 1024 : 0 }

  /// `s_feature_compat`.
  var compatibleFeatures: UInt32 {
    let features = EXT2_FEATURE_COMPAT_EXT_ATTR | EXT2_FEATURE_COMPAT_DIR_INDEX
    return UInt32(features | (journalBlocks > 0 ? EXT3_FEATURE_COMPAT_HAS_JOURNAL : 0))
  }

  /// `s_feature_incompat`, without 64bit, which depends on the size.
  var incompatibleFeatures: UInt32 {
    switch self {
    case .ext2, .ext3:
      UInt32(EXT2_FEATURE_INCOMPAT_FILETYPE)
    case .ext4:
      UInt32(
        EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS
          | EXT4_FEATURE_INCOMPAT_FLEX_BG
      )
    }
  }

  /// `s_feature_ro_compat`.
  var readOnlyCompatibleFeatures: UInt32 {
    let common = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE
    switch self {
    case .ext2, .ext3:
      return UInt32(common)
    case .ext4:
      return UInt32(
        common | EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM
          | EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE
      )
    }
  }

  /// The largest file in bytes, as the kernel's ext4 driver has it with blocks
  /// of 4 KiB: without the huge_file feature `i_blocks` counts 2^32 sectors,
  /// the indirect blocks included (`ext4_max_bitmap_size`); with extents block
  /// numbers within a file have 32 bits.
  var fileSizeLimit: Int {
    switch self {
    case .ext2, .ext3: ((1 << 32) / 8 - 1 - 1_050_627) * blockSize
    case .ext4: ((1 << 32) - 1) * blockSize
    }
  }
}

/// Size of a block in bytes.
let blockSize = 4096

/// Size of an inode in bytes: room for nanoseconds, and for years up to 2446.
let inodeSize = 256
