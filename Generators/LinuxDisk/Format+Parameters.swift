import DiskModel
import GeneratorKit

extension Format {
  /// The format that parameters ask for: `type`, `features`, `block-size`,
  /// `inode-size`, `journal`, and what `xattrs=skip` allows.
  init(_ parameters: Parameters) throws(GeneratorError) {
    self.init(try parameters.choice("type", of: FilesystemType.self) ?? .ext2)
    blockSize = try Self.powerOfTwo(parameters, "block-size", 1024...4096) ?? blockSize
    inodeSize = try Self.powerOfTwo(parameters, "inode-size", 128...blockSize) ?? inodeSize
    var list = FeatureList()
    if let text = parameters["features"] {
      do throws(FeatureList.Problem) {
        list = try FeatureList(text)
        try choose(list)
      } catch {
        throw parameters.error("features", error.text)
      }
    }
    if !features.contains(.extendedAttributes) && parameters["xattrs"] != "skip" {
      throw parameters.error(
        "features",
        "without ext_attr there are no attributes; add xattrs=skip"
      )
    }
    try chooseJournal(parameters, list)
    mayWiden = features.contains(.extents) && !list.off.contains(.wideBlockNumbers)
  }

  private static func powerOfTwo(
    _ parameters: Parameters,
    _ name: String,
    _ range: ClosedRange<Int>
  ) throws(GeneratorError) -> Int? {
    guard let text = parameters[name] else { return nil }
    if let size = Size.parse(text), range.contains(size), size & (size - 1) == 0 { return size }
    let sizes = (7...12).map { 1 << $0 }.filter(range.contains).map(String.init)
    let isTooLarge = Size.parse(text).map { $0 > range.upperBound && $0 <= 4096 } ?? false
    let reason = isTooLarge ? ", for blocks have \(range.upperBound) bytes" : ""
    throw parameters.error(name, "not one of \(sizes.joined(separator: ", "))\(reason)")
  }

  /// Turns features on and off, and what goes with them.
  private mutating func choose(_ list: FeatureList) throws(FeatureList.Problem) {
    for feature in list.on.members where !type.knows(feature) {
      let advice = type == .ext2 && FilesystemType.ext3.knows(feature) ? "ext3 or ext4" : "ext4"
      throw .init(text: "\(type.rawValue) has no \(feature.rawValue); type=\(advice) has it")
    }
    for feature in list.on.members { features.insert(feature) }
    for feature in list.off.members { features.remove(feature) }
    if list.on.contains(.metadataChecksums) {
      if list.on.contains(.groupChecksums) {
        throw .init(text: "metadata_csum is in place of uninit_bg; leave that out")
      }
      features.remove(.groupChecksums)
      // Without it, descriptors have room for half of a bitmap's checksum.
      if usesExtents && !list.off.contains(.wideBlockNumbers) { features.insert(.wideBlockNumbers) }
    }
    if inodeSize == 128 {
      if list.on.contains(.extraInodeSize) {
        throw .init(text: "inodes of 128 bytes have no room for extra_isize; leave that out")
      }
      features.remove(.extraInodeSize)
    }
    for (feature, needed) in Self.needs where features.contains(feature) {
      guard features.contains(needed) else {
        throw .init(text: "\(feature.rawValue) needs \(needed.rawValue)")
      }
    }
    if type == .ext3 && !features.contains(.hasJournal) {
      throw .init(text: "ext3 without has_journal is ext2; write type=ext2")
    }
  }

  /// What cannot be without something else.
  private static let needs: [(Feature, Feature)] = [
    (.wideBlockNumbers, .extents), (.checksumSeed, .metadataChecksums),
  ]

  /// The most blocks of a journal: as many as mke2fs allows.
  private static let journalLimit = 10_240_000

  private mutating func chooseJournal(
    _ parameters: Parameters,
    _ list: FeatureList
  ) throws(GeneratorError) {
    journalBlocks = features.contains(.hasJournal) ? Self.leastJournalBlocks : 0
    guard let text = parameters["journal"] else { return }
    if text == "none" {
      guard type != .ext3 else {
        throw parameters.error("journal", "ext3 without a journal is ext2; write type=ext2")
      }
      guard !list.on.contains(.hasJournal) else {
        throw parameters.error("journal", "features= asks for one; leave out one of the two")
      }
      features.remove(.hasJournal)
      journalBlocks = 0
      return
    }
    guard type != .ext2 else {
      throw parameters.error("journal", "ext2 has no journal; type=ext3 and type=ext4 have one")
    }
    guard !list.off.contains(.hasJournal) else {
      throw parameters.error("journal", "features= turns it off; leave out one of the two")
    }
    guard let bytes = Size.parse(text) else {
      throw parameters.error("journal", Size.advice + ", or none")
    }
    let blocks = bytes / blockSize + (bytes % blockSize == 0 ? 0 : 1)
    guard (Self.leastJournalBlocks...Self.journalLimit).contains(blocks) else {
      let least = Size.describe(Self.leastJournalBlocks * blockSize)
      let most = Size.describe(Self.journalLimit * blockSize)
      throw parameters.error("journal", "journals of such blocks have \(least) to \(most)")
    }
    features.insert(.hasJournal)
    journalBlocks = blocks
  }
}
