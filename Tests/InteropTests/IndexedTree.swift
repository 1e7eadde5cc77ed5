import Foundation
import TestSupport

/// Trees of directories that have an index.
enum IndexedTree {
  /// How many names of 255 bytes directories have, around where there is a second
  /// block, a second leaf, and a second level of the index: a leaf holds 15 of
  /// them, and the root of an index 508 leaves.
  static let counts = [14, 15, 16, 30, 31, 508 * 15 - 1, 508 * 15, 508 * 15 + 1, 2 * 511 * 15 + 1]

  /// A directory for each of ``counts``, and some with odd names.
  static let sizes = Result {
    let root = try MemoryDirectory.shared()
    let rest = [UInt8](repeating: 0xF0, count: 249)
    for count in counts {
      try fill(root / "long-\(count)", (100_000..<100_000 + count).map { digits($0) + rest })
    }
    try fill(root / "short", shortNames)
    try fill(root / "short-and-more", shortNames + (1000..<1300).map { digits($0) + [0xFF] })
    try fill(root / "pairs", pairs(4000))
    try fill(root / "bytes", randomNames(3000))
    try fill(root / "lost+found", (0..<1000).map { Array("lost-file-\($0)".utf8) })
    for number in 0..<500 { try (root / "in-the-root-\(number)").write() }
    return root
  }

  /// A directory of 100,000 names.
  static let many = Result {
    let root = try MemoryDirectory.shared()
    try fill(root / "many", (0..<100_000).map { Array("file-\($0)".utf8) })
    return root
  }

  /// Makes a directory of empty files, modified as many seconds after 1970 as
  /// their places in the list.
  static func fill(_ folder: RawPath, _ names: [[UInt8]]) throws {
    try folder.makeDirectory()
    for (number, name) in names.enumerated() {
      try (folder / name).write()
      try (folder / name).setModified(number)
    }
  }

  private static func digits(_ number: Int) -> [UInt8] { Array("\(number)".utf8) }

  /// All names of one byte.
  private static let shortNames = (1...255).filter { $0 != 0x2E && $0 != 0x2F }.map { [UInt8($0)] }

  /// Pairs of names with equal hashes, whatever the hash seed.
  ///
  /// Half MD4 takes 32 bytes at a time and fills up the last of them with their
  /// number; the second name of a pair has those bytes itself.
  static func pairs(_ count: Int) -> [[UInt8]] {
    (0..<count).flatMap { number in
      let name = Array("a name of 28 bytes: \(10_000_000 + number)".utf8)
      return [name, name + [28, 28, 28, 28]]
    }
  }

  /// Different names of any bytes and of 4 to 255 of them.
  static func randomNames(_ count: Int) -> [[UInt8]] {
    var random = SeededGenerator(seed: 71)
    return (0..<count).map { number in
      let length = random.anyMagnitude(below: 252)
      let number = [number >> 14, number >> 7, number].map { UInt8(truncatingIfNeeded: $0) | 0x80 }
      return number + random.bytes(1 + length).prefix(252).map { $0 == 0x2F ? 0xBF : $0 }
    }
  }
}
