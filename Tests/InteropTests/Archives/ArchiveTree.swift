import Foundation
import TestSupport

/// A tree with everything that archives carry, and archives of it.
enum ArchiveTree {
  /// The mixed tree without what no archive has: sockets, and fifos of two names.
  static let root = Result {
    let root = try MixedTree(isFull: false).root
    let times = try (root / "links/elsewhere").facts()
    for name in ["types/socket", "links/elsewhere/fifo"] { try (root / name).remove() }
    let typesTime = try (root / "types").facts()
    try (root / "types").setModified(typesTime.seconds, 1)
    try (root / "links/elsewhere").setModified(times.seconds, times.nanoseconds)
    return root
  }

  /// The tree with extended attributes, without its socket.
  static let attributeRoot = Result {
    let directory = try MemoryDirectory.shared()
    let root = try AttributeTree(in: directory).root
    try (root / "special/socket").remove()
    return root
  }

  /// What GNU tar has to be told to keep all it can.
  static let everything = [
    "--format=posix", "--xattrs", "--xattrs-include=*", "--sparse", "--sort=name",
  ]

  /// Makes an archive of a tree by GNU tar.
  static func tar(_ root: RawPath, _ options: [String], to path: String) throws {
    try Program("tar").succeed(["-C", "\(root)", "-cf", path] + options + ["."], timeout: 120)
  }

  /// The SHA-256 of the disk that linuxdisk makes, and what it has to say.
  static func disk(
    _ words: [String],
    environment: [String: String] = [:]
  ) throws -> (digest: String, notes: [String]) {
    let command = #"nbdcopy "$uri" - | sha256sum"#
    let nbdgen = try Program.nbdgen(environment: environment)
    let directory = try TemporaryDirectory()
    let all = ["-U", directory("socket"), "linuxdisk", "type=ext4"] + words + ["--run", command]
    let outcome = try nbdgen.succeed(all, timeout: 200)
    return (String(outcome.text.prefix(64)), outcome.errorLines)
  }

  /// The line that linuxdisk ends with.
  static func failure(
    _ words: [String],
    environment: [String: String] = [:]
  ) throws -> String {
    let nbdgen = try Program.nbdgen(environment: environment)
    let directory = try TemporaryDirectory()
    let all = ["-U", directory("socket"), "linuxdisk"] + words + ["--run", "true"]
    let outcome = try nbdgen.run(all)
    return outcome.status == 1 ? outcome.errorLines.joined(separator: "\n") : "\(outcome)"
  }
}
