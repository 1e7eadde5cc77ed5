import Foundation
import TestSupport
import Testing

/// The same trees, served by nbdgen and by nbdkit in one run.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppyPeerTests {
  /// What is ordinary on a host, and more than a program of few lines expects.
  private static func tree() throws -> RawPath {
    let directory = try TemporaryDirectory.shared()
    let root = RawPath(directory("tree"))
    for folder in ["", "/folder", "/folder/inner", "/empty folder"] {
      try RawPath("\(root)\(folder)").makeDirectory()
    }
    for name in [
      "README.md", "empty", ".profile", ".config.d", "folder/na\u{EF}ve caf\u{E9}.txt",
      "folder/\u{65E5}\u{672C}\u{8A9E}", "folder/inner/another empty one",
      "folder/inner/.gitignore", "two.dots.text", "lower.txt", "UPPER.TXT",
    ] {
      let text = name.contains("empty") ? "" : "the content of \(name)\n"
      try (root / name).write(Array(text.utf8))
      try (root / name).setModified(1_234_567_890)
    }
    return root
  }

  /// What the judge says of nbdkit's disk.
  private static func nbdkitComplaints(_ root: RawPath) throws -> [String] {
    let copies = try TemporaryDirectory()
    let words = ["-U", "-", "floppy", "\(root)", "--run", "nbdcopy $uri \(copies("disk"))"]
    try Program("nbdkit").succeed(words)
    let line = ["data", "<\(copies("disk"))"]
    return try FloppyImage(serving: line).complaints(comparedWith: root)
  }

  @Test("What makes nbdkit's disk fail fsck.fat is clean here")
  func mixedTree() throws {
    let root = try Self.tree()
    let theirs = try Self.nbdkitComplaints(root)
    #expect(theirs.contains { $0.hasPrefix("fsck.fat: ") }, "nbdkit is better now")
    for width in [[]] + FATVolume.Width.allCases.map({ ["type=\($0)"] }) {
      let complaints = try FloppyImage(of: root, width).complaints(comparedWith: root)
      #expect(complaints.isEmpty, "\(width): \(summary(complaints))")
    }
  }
}
