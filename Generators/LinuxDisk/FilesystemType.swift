/// Which of the ext family a filesystem is.
enum FilesystemType: String, CaseIterable, Sendable {
  case ext2, ext3, ext4

  /// What it has unless something else is chosen.
  var defaultFeatures: FeatureSet {
    switch self {
    case .ext2:
      [.extendedAttributes, .directoryIndex, .fileType, .sparseSuper, .largeFile]
    case .ext3:
      [.hasJournal, .extendedAttributes, .directoryIndex, .fileType, .sparseSuper, .largeFile]
    case .ext4:
      [
        .extendedAttributes, .directoryIndex, .fileType, .sparseSuper, .largeFile,
        .extents, .flexibleGroups, .hugeFile, .groupChecksums, .directoryLinks, .extraInodeSize,
      ]
    }
  }

  /// Whether drivers for the type understand the feature.
  func knows(_ feature: Feature) -> Bool {
    switch feature {
    case .extendedAttributes, .directoryIndex, .fileType, .sparseSuper, .largeFile:
      true
    case .hasJournal:
      self != .ext2
    case .extents, .wideBlockNumbers, .flexibleGroups, .checksumSeed, .hugeFile, .groupChecksums,
      .directoryLinks, .extraInodeSize, .metadataChecksums:
      self == .ext4
    }
  }
}
