import Foundation
import TestSupport

/// Parameters that a seed chooses, among all that go together.
struct SeededVariant {
  private(set) var variant: Variant
  private(set) var blockSize = 4096
  private(set) var inodeSize = 256
  private var isSparse = true
  private var random: SeededGenerator

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed ^ 0x5EED)
    variant = Variant(FilesystemType.allCases.randomElement(using: &random) ?? .ext2)
    chooseSizes()
    var features = chooseFeatures()
    if variant.type != .ext2 { chooseJournal(&features) }
    if !features.isEmpty { variant.words.append("features=" + features.joined(separator: ",")) }
    if chance(3) { variant.words.append("inodes=+\(random.anyMagnitude(below: 5000))") }
    if chance(4) { variant.words.append("label=" + String(repeating: "L", count: number(1...16))) }
    if chance(6) { variant.words.append("reserved=\(number(0...50))%") }
  }

  private mutating func chance(_ bound: Int) -> Bool { number(1...bound) == 1 }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  private mutating func chooseSizes() {
    if chance(2) {
      blockSize = [1024, 2048, 4096].randomElement(using: &random) ?? 4096
      variant.words.append("block-size=\(blockSize)")
    }
    if chance(3) {
      inodeSize = 128 << number(0...5)
      inodeSize = min(inodeSize, blockSize)
      variant.words.append("inode-size=\(inodeSize)")
    }
  }

  private mutating func chooseFeatures() -> [String] {
    var features: [String] = []
    for name in ["dir_index", "filetype", "sparse_super", "large_file"] where chance(6) {
      features.append("^\(name)")
      if name == "sparse_super" { isSparse = false }
    }
    guard variant.type == .ext4 else { return features }
    let hasExtents = !chance(4)
    if !hasExtents { features.append("^extent") }
    if chance(2) {
      features.append("metadata_csum")
      if chance(3) { features.append("metadata_csum_seed") }
    } else if chance(4) {
      features.append("^uninit_bg")
    }
    if hasExtents && chance(3) { features.append(chance(2) ? "64bit" : "^64bit") }
    for name in ["flex_bg", "huge_file", "dir_nlink", "extra_isize"] where chance(6) {
      features.append("^\(name)")
    }
    return features
  }

  private mutating func chooseJournal(_ features: inout [String]) {
    guard chance(3) else { return }
    if variant.type == .ext4 && chance(2) {
      features.append("has_journal")
    } else {
      variant.words.append("journal=\(number(1024...5000) * blockSize)")
    }
  }

  /// Chooses a size, which depends on how much the tree needs.
  ///
  /// - Throws: When the command does not tell how much that is.
  mutating func chooseSize(for tree: RawPath) throws {
    // As many blocks as the bitmap of a group has bits.
    let group = 8 * blockSize * blockSize
    switch number(0...7) {
    case 0:
      break
    case 1:
      variant.words.append("size=min")
    case 2, 3:
      let least = try leastSize(for: tree)
      variant.words.append("size=\(least + (chance(2) ? 0 : number(0...3)) * blockSize)")
    case 4:
      variant.words.append("size=+\(random.anyMagnitude(below: 400 << 20))")
    case 5, 6:
      let least = try leastSize(for: tree)
      var size = (least / group + number(1...3)) * group
      size += chance(2) ? number(-2...2) * blockSize : number(-2...70) * 1024 + number(-1...1)
      variant.words.append("size=\(size < least ? size + group : size)")
    default:
      // Where every group has a copy of the descriptors, there are 2,048 at most.
      variant.words.append(isSparse ? "size=100G" : "size=\(min(100 << 30, 2000 * group))")
    }
  }

  /// The bytes of the smallest filesystem that holds the tree.
  private func leastSize(for tree: RawPath) throws -> Int {
    let words =
      ["-U", "-", "linuxdisk", "\(tree)", "layout=none", "type=\(variant.type)", "size=min"]
      + variant.words + ["--run", "nbdinfo --size \"$uri\""]
    let outcome = try Program.nbdgen().succeed(words)
    guard let size = Int(outcome.lines.first ?? "") else { throw ToolFailure("\(outcome)") }
    return size
  }
}
