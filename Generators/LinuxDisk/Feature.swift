import CExt2FS

/// A feature of the ext family that can be chosen, by mke2fs's name for it.
enum Feature: String, CaseIterable, Sendable {
  case hasJournal = "has_journal"
  case extendedAttributes = "ext_attr"
  case directoryIndex = "dir_index"
  case fileType = "filetype"
  case extents = "extent"
  case wideBlockNumbers = "64bit"
  case flexibleGroups = "flex_bg"
  case checksumSeed = "metadata_csum_seed"
  case sparseSuper = "sparse_super"
  case largeFile = "large_file"
  case hugeFile = "huge_file"
  case groupChecksums = "uninit_bg"
  case directoryLinks = "dir_nlink"
  case extraInodeSize = "extra_isize"
  case metadataChecksums = "metadata_csum"

  /// The feature that mke2fs calls so.
  init?(name: String) {
    let aliases = ["extents": Feature.extents, "gdt_csum": .groupChecksums]
    guard let feature = Feature(rawValue: name) ?? aliases[name] else { return nil }
    self = feature
  }

  /// What somebody who lacks the feature may do with the filesystem.
  enum Word: Sendable {
    /// Anything (`s_feature_compat`).
    case compatible
    /// Nothing (`s_feature_incompat`).
    case incompatible
    /// Read it (`s_feature_ro_compat`).
    case readOnlyCompatible
  }

  /// Where it is in the superblock.
  var place: (word: Word, bit: UInt32) {
    switch self {
    case .hasJournal: (.compatible, UInt32(EXT3_FEATURE_COMPAT_HAS_JOURNAL))
    case .extendedAttributes: (.compatible, UInt32(EXT2_FEATURE_COMPAT_EXT_ATTR))
    case .directoryIndex: (.compatible, UInt32(EXT2_FEATURE_COMPAT_DIR_INDEX))
    case .fileType: (.incompatible, UInt32(EXT2_FEATURE_INCOMPAT_FILETYPE))
    case .extents: (.incompatible, UInt32(EXT3_FEATURE_INCOMPAT_EXTENTS))
    case .wideBlockNumbers: (.incompatible, UInt32(EXT4_FEATURE_INCOMPAT_64BIT))
    case .flexibleGroups: (.incompatible, UInt32(EXT4_FEATURE_INCOMPAT_FLEX_BG))
    case .checksumSeed: (.incompatible, UInt32(EXT4_FEATURE_INCOMPAT_CSUM_SEED))
    case .sparseSuper: (.readOnlyCompatible, UInt32(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER))
    case .largeFile: (.readOnlyCompatible, UInt32(EXT2_FEATURE_RO_COMPAT_LARGE_FILE))
    case .hugeFile: (.readOnlyCompatible, UInt32(EXT4_FEATURE_RO_COMPAT_HUGE_FILE))
    case .groupChecksums: (.readOnlyCompatible, UInt32(EXT4_FEATURE_RO_COMPAT_GDT_CSUM))
    case .directoryLinks: (.readOnlyCompatible, UInt32(EXT4_FEATURE_RO_COMPAT_DIR_NLINK))
    case .extraInodeSize: (.readOnlyCompatible, UInt32(EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE))
    case .metadataChecksums: (.readOnlyCompatible, UInt32(EXT4_FEATURE_RO_COMPAT_METADATA_CSUM))
    }
  }

  /// What mke2fs knows and these filesystems never have, with the reason.
  static let refused: [String: String] = [
    "resize_inode": "resize2fs grows these filesystems without it",
    "meta_bg": "resize2fs grows these filesystems without it",
    "sparse_super2": "kernels before 3.16 would see backups where there are none",
    "inline_data": "contents stay in the files that they come from, and are not copied into inodes",
    "large_dir": "directories that need it have no index, and e2fsck -D makes one",
    "ea_inode": "extended attributes that do not fit into an inode and a block are refused",
    "bigalloc": "free room costs nothing here, so there is nothing to gain from clusters",
    "mmp": "it is written to all the time, and the disk is read-only",
    "orphan_file": "kernels before 5.15 refuse it; tune2fs adds it to a copy",
    "quota": "usage is not counted; tune2fs adds it to a copy",
    "project": "files have no project numbers; tune2fs adds it to a copy",
    "verity": "files have no fs-verity digests; tune2fs adds it to a copy",
    "encrypt": "files are not encrypted; tune2fs adds it to a copy",
    "casefold": "names are bytes here, and equal only to themselves",
    "stable_inodes": "files are not encrypted, and only those need it; tune2fs adds it to a copy",
    "shared_blocks": "guests could never write to an overlay",
    "read-only": "guests could never write to an overlay",
    "journal_dev": "it makes a journal for another filesystem, not one of files",
  ]
}
