import DiskModel
import FileTree
import Foundation
import TestSupport
import Testing

/// Trees deeper than a path can be long, scanned with few descriptors.
struct DeepTreeTests {
  private static let levelCount = 1500

  /// Makes `deep/deep/…`, with a file in every directory, and in every second
  /// one a directory `x` that comes after the deeper ones.
  private static func build(in path: String) throws {
    var directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try Host.check(directory, "open \(path)")
    defer { close(directory) }
    for level in 0...levelCount {
      let file = unsafe openat(directory, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
      try Host.check(file, "create a file")
      let text = Array("level \(level)".utf8)
      _ = unsafe text.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
      close(file)
      if level % 2 == 0 {
        try Host.check(unsafe mkdirat(directory, "x", 0o755), "mkdir x")
        try Host.check(unsafe linkat(directory, "file", directory, "x/link", 0), "link")
      }
      guard level < levelCount else { break }
      try Host.check(unsafe mkdirat(directory, "deep", 0o755), "mkdir deep")
      let next = unsafe openat(directory, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      try Host.check(next, "open deep")
      close(directory)
      directory = next
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func aTreeOfAnyDepthIsScannedAndRead() async throws {
    let directory = try TemporaryDirectory()
    try Self.build(in: directory.path)
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      var limit = rlimit(rlim_cur: 200, rlim_max: 200)
      #expect(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      let tree = try TreeScanner.scan(path)
      // The directories `deep`, a file in each and in the root, the directories `x`.
      #expect(tree.nodes.count == 1 + 1500 + 1501 + 751)
      #expect(tree.entries.count == tree.nodes.count - 1 + 751)
      #expect(tree.vanishedCount == 0)

      var level = 0
      var node = 0
      while level < 1500 {
        let expected = level % 2 == 0 ? ["deep", "file", "x"] : ["deep", "file"]
        #expect(tree.nameStrings(in: node) == expected, "level \(level)")
        node = Int(tree.entries[tree.nodes[node].children.lowerBound].node)
        level += 1
        guard [1, 127, 128, 129, 700, 799, 800, 801, 802, 1499, 1500].contains(level) else {
          continue
        }
        let file = Int(
          tree.entries[tree.nodes[node].children.lowerBound + (level < 1500 ? 1 : 0)].node
        )
        let bytes = Array("level \(level)".utf8)
        #expect(tree.relativePath(of: file).count == 5 * level + 4)
        var disk = Disk()
        try disk.append(
          .source(tree.content(of: file).source, offset: 0),
          count: tree.nodes[file].size
        )
        try checkConformance(of: disk, bytes: bytes, seed: UInt64(level), windows: 4)
      }
      #expect(tree.nameStrings(in: node) == ["file", "x"])
      #expect(tree.relativePath(of: node).count == 5 * 1500 - 1)
      // Nothing but the root and files in the cache stay open.
      #expect(try openDescriptorCount(below: path) <= 1 + 16)
    }
  }
}
