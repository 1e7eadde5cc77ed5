import Foundation
import TestSupport

/// What a FAT filesystem made from a tree should hold.
struct FloppyExpectation {
  /// A file or directory of the filesystem.
  struct Entry {
    /// Where the host has it: at the end of symbolic links.
    var source: RawPath
    var facts: FileFacts

    /// When it was modified, as far as FAT can tell: in steps of two seconds
    /// from 1980 until 2107.
    var seconds: Int { Swift.min(Swift.max(facts.seconds, 315_532_800), 4_354_819_198) & ~1 }

    /// The same by mtools, which take 2100 for a leap year.
    var secondsInMtools: Int { seconds + (seconds < 4_107_542_400 ? 0 : 86_400) }

    /// Whether nobody may write to it.
    var isReadOnly: Bool { facts.mode & 0o222 == 0 }
  }

  /// By path in the filesystem.
  private(set) var entries: [RawPath: Entry] = [:]

  private let root: String

  /// Looks at a tree whose names are text.
  init(of tree: RawPath) throws {
    root = URL(fileURLWithPath: "\(tree)").resolvingSymlinksInPath().path
    try add(RawPath(root), as: RawPath(bytes: []))
  }

  private mutating func add(_ folder: RawPath, as path: RawPath) throws {
    for name in try folder.names() {
      var source = folder / name
      var facts = try source.facts()
      if facts.isSymbolicLink {
        let target = URL(fileURLWithPath: "\(source)").resolvingSymlinksInPath().path
        guard target.hasPrefix("\(root)/"), FileManager.default.fileExists(atPath: target) else {
          continue
        }
        source = RawPath(target)
        facts = try source.facts()
      }
      guard facts.isRegular || facts.isDirectory else { continue }
      entries[path / name] = Entry(source: source, facts: facts)
      if facts.isDirectory { try add(source, as: path / name) }
    }
  }

  /// The path as mtools prints it, which does not know surrogate pairs and has
  /// `_` for either half.
  static func inMtools(_ path: RawPath) -> RawPath {
    let scalars = path.description.unicodeScalars
    return RawPath(scalars.map { $0.value > 0xFFFF ? "__" : String($0) }.joined())
  }

  /// How many bytes the content of all files has that is in no hole, in whole
  /// sectors.
  func contentLimit() throws -> Int {
    var total = 0
    for entry in entries.values where entry.facts.isRegular {
      for range in try entry.source.dataRanges() {
        total += range.upperBound.roundedUp(to: 512) - range.lowerBound / 512 * 512
      }
    }
    return total
  }

  /// How many bytes the slots of each directory have, at most; the root's too.
  func directorySizes() -> [Int] {
    var sizes: [RawPath: Int] = [RawPath(bytes: []): 4 * 32]
    for (path, entry) in entries {
      let end = path.bytes.lastIndex(of: 0x2F)
      let folder = RawPath(bytes: Array(path.bytes[..<(end ?? 0)]))
      let name = String(decoding: path.bytes[(end.map { $0 + 1 } ?? 0)...], as: UTF8.self)
      sizes[folder, default: 3 * 32] += (1 + (name.utf16.count + 12) / 13) * 32
      if entry.facts.isDirectory { sizes[path, default: 3 * 32] += 0 }
    }
    return Array(sizes.values)
  }

  /// How many clusters of that size files and directories take, at most.
  func clusterCount(_ size: Int) -> Int {
    entries.values.reduce(0) { sum, entry in
      sum + (entry.facts.isRegular ? (entry.facts.size + size - 1) / size : 0)
    } + directorySizes().reduce(0) { $0 + ($1 + size - 1) / size }
  }
}
