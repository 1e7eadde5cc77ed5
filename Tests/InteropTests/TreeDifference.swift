import Foundation
import TestSupport

/// Compares trees of the host.
enum TreeDifference {
  /// What is different in a copy that `debugfs rdump` made, as far as it copies:
  /// it leaves out special files, the upper three bits of permissions, owners
  /// and times of symbolic links, and times that do not fit into 31 bits.
  static func between(
    _ original: RawPath,
    _ copy: RawPath,
    in folders: [String]
  ) throws -> [String] {
    var differences: [String] = []
    var copied: [RawPath: FileFacts] = [:]
    for (path, facts) in try copy.everythingBelow() { copied[path] = facts }
    for (path, facts) in try original.everythingBelow() {
      let isWanted = facts.isRegular || facts.isDirectory || facts.isSymbolicLink
      guard isWanted, folders.contains(where: { path.isIn($0) }) else { continue }
      guard let copiedFacts = copied.removeValue(forKey: path) else {
        differences.append("\(path): is missing")
        continue
      }
      let (expected, found) = (Attributes(facts), Attributes(copiedFacts, alike: facts))
      if found != expected { differences.append("\(path): \(found), not \(expected)") }
      if try !hasEqualContent(original / path.bytes, copy / path.bytes, facts) {
        differences.append("\(path): other content")
      }
    }
    differences += copied.keys.map { "\($0): there is no such file" }
    return differences
  }

  private struct Attributes: Equatable {
    var mode: UInt32
    var size = 0
    var owners: [UInt32] = []
    var seconds = 0

    /// What can be compared of `facts`, which depends on what is copied.
    init(_ facts: FileFacts, alike original: FileFacts? = nil) {
      let original = original ?? facts
      mode = facts.mode & ~0o7000
      if !facts.isDirectory { size = facts.size }
      if original.isSymbolicLink { return }
      if MixedTree.isPrivileged { owners = [facts.user, facts.group] }
      if (0..<1 << 31).contains(original.seconds) { seconds = facts.seconds }
    }
  }

  private static func hasEqualContent(
    _ left: RawPath,
    _ right: RawPath,
    _ facts: FileFacts
  ) throws -> Bool {
    if facts.isSymbolicLink { return try left.target() == right.target() }
    guard facts.isRegular else { return true }
    let range = 0..<facts.size + 1
    return isEqual(try left.read(range)[...], try right.read(range)[...])
  }
}

extension RawPath {
  /// Whether the path is that of a folder, or of something in it.
  func isIn(_ folder: String) -> Bool {
    bytes == Array(folder.utf8) || bytes.starts(with: Array("\(folder)/".utf8))
  }
}
