import Foundation
import TestSupport

/// A filesystem of a seed's tree, with the seed's parameters.
struct SeededDisk: CustomStringConvertible {
  let seed: UInt64
  let variant: Variant
  /// The filesystem, a sparse file.
  let path: String
  /// How `stat` tells times that its inodes keep.
  let time: String

  var description: String { "seed \(seed), \(variant)" }

  /// Makes the tree in an empty directory, serves it and copies the disk.
  ///
  /// - Throws: A refusal to serve it, too: every tree fits.
  init(seed: UInt64, tree: RawPath, path: String) throws {
    var seeded = SeededVariant(seed: seed)
    try SeededTree(in: tree, seed: seed, for: seeded)
    do {
      try seeded.chooseSize(for: tree)
      try seeded.variant.copy(tree, to: path)
    } catch {
      throw ToolFailure("seed \(seed), \(seeded.variant): \(error)")
    }
    self.seed = seed
    variant = seeded.variant
    time = TreeListing.timeFormat(inodeSize: seeded.inodeSize)
    self.path = path
  }

  /// What is different from five passes and a summary in what `e2fsck` says.
  func complaints() throws -> [String] {
    // Before 2242, years from 2310 on are to e2fsck those that old kernels wrote by
    // mistake for years before 1970; afterwards it takes them for what they are. It
    // compares the superblock's times with the lower 32 bits of this.
    let environment = ["E2FSCK_TIME": "\((UInt64(3) << 32) - 1)"]
    let judge = try Program("e2fsck", environment: environment)
    let outcome = try judge.run(["-fn", path], timeout: 120)
    let label = variant.words.compactMap { $0.wholeMatch(of: /label=(.*)/)?.1 }.first
    let starts = (1...5).map { "Pass \($0): " } + ["\(label.map(String.init) ?? path): "]
    let isUsual = zip(outcome.lines, starts).allSatisfy { $0.hasPrefix($1) }
    let isVersion = outcome.errorLines.map { $0.hasPrefix("e2fsck 1.") } == [true]
    let isClean = outcome.status == 0 && isUsual && isVersion
    return isClean && outcome.lines.count == starts.count ? [] : ["\(outcome)"]
  }
}
