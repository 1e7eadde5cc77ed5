import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FileTree

extension PathFilter {
  /// A filter of words like `-*.o` and `+keep.o`.
  init(_ rules: [String]) throws {
    self.init()
    for rule in rules {
      add(try PathPattern(String(rule.dropFirst())), isExclusion: rule.hasPrefix("-"))
    }
  }
}

extension TreeScanner {
  /// Scans all but what a filter leaves out.
  static func scan(_ path: String, _ filter: PathFilter) throws(ScanFailure) -> Tree {
    var options = ScanOptions()
    options.filter = filter
    return try scan(path, descriptors: DescriptorCache(capacity: 4), options: options)
  }
}

@Suite("Filters of trees")
struct PathFilterTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    for path in ["a", "a/b", "a/b/c", "log"] { try Host.makeDirectory(directory(path)) }
    for path in ["a/x.o", "a/keep.o", "a/b/x.o", "a/b/c/log", "log/x", "b", "x.o"] {
      try Host.write(directory(path), [1])
    }
  }

  private static func paths(_ tree: Tree) -> [String] {
    tree.nodes.indices.dropFirst().map {
      String(decoding: tree.relativePath(of: $0), as: UTF8.self)
    }
    .sorted()
  }

  @Test(arguments: [
    (["-*.o"], "a a/b a/b/c a/b/c/log b log log/x"),
    (["+keep.o", "-*.o"], "a a/b a/b/c a/b/c/log a/keep.o b log log/x"),
    (["-*.o", "+keep.o"], "a a/b a/b/c a/b/c/log b log log/x"),
    (["-/x.o"], "a a/b a/b/c a/b/c/log a/b/x.o a/keep.o a/x.o b log log/x"),
    (["-log"], "a a/b a/b/c a/b/x.o a/keep.o a/x.o b x.o"),
    (["-log/"], "a a/b a/b/c a/b/c/log a/b/x.o a/keep.o a/x.o b x.o"),
    (["-b"], "a a/keep.o a/x.o log log/x x.o"),
    (["-a/*"], "a b log log/x x.o"), (["-/a/**"], "a b log log/x x.o"),
    (["+a/b/x.o", "-a/b/**"], "a a/b a/b/x.o a/keep.o a/x.o b log log/x x.o"),
    (["-a", "+a/b"], "b log log/x x.o"),
    (
      ["+/a/", "+/a/b/", "+*.o", "-*"],
      "a a/b a/b/x.o a/keep.o "
        + "a/x.o x.o"
    ),
    (["-*"], ""), (["+*"], "a a/b a/b/c a/b/c/log a/b/x.o a/keep.o a/x.o b log log/x x.o"),
  ])
  func theFirstThatMatchesDecides(rules: [String], expected: String) throws {
    let filter = try PathFilter(rules)
    let tree = try TreeScanner.scan(directory.path, filter)
    #expect(Self.paths(tree) == expected.split(separator: " ").map(String.init))

    var draft = TreeDraft()
    draft.merge(try TreeScanner.scan(directory.path))
    draft.remove(filter)
    let drafted = draft.finish()
    #expect(Self.paths(drafted) == Self.paths(tree))
    #expect(TreeDigest.digest(of: drafted, with: []) == TreeDigest.digest(of: tree, with: []))
  }

  @Test func whatIsExcludedIsNotOpened() async throws {
    try Host.makeDirectory(directory("closed"))
    try Host.write(directory("closed/secret"), [1])
    try Host.write(directory("secret"), [1])
    try Host.setMode(directory("closed"), 0)
    try Host.setMode(directory("secret"), 0)
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      if geteuid() == 0 { _ = seteuid(65534) }
      defer { _ = seteuid(getuid()) }
      let filter = try PathFilter(["-/closed/", "-secret"])
      let tree = try TreeScanner.scan(path, filter)
      #expect(tree.nameStrings() == ["a", "b", "log", "x.o"])
      let other = try PathFilter(["-/closed/*", "-secret/"])
      let failure = #expect(throws: ScanFailure.self) {
        _ = try TreeScanner.scan(path, other)
      }
      #expect(failure?.problems.map(\.path).sorted() == [path + "/closed", path + "/secret"])
    }
  }

  @Test func ownersAndMasks() throws {
    try Host.setMode(directory("x.o"), 0o4777)
    try Host.link(directory("link"), to: "b")
    var draft = TreeDraft()
    draft.merge(try TreeScanner.scan(directory.path))
    draft.setAll(owner: (7, 8), mask: 0o4022)
    let tree = draft.finish()
    #expect(tree.nodes.allSatisfy { $0.user == 7 && $0.group == 8 })
    #expect(try tree.node("x.o").permissions == 0o755)
    #expect(try tree.node("link").permissions == 0o777)
    #expect(tree.nodes.allSatisfy { $0.kind == .symbolicLink || $0.permissions & 0o022 == 0 })
  }
}
