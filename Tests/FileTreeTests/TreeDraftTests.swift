import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FileTree

/// Trees that are put together from others, and by hand.
@Suite struct TreeDraftTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func scan(_ name: String) throws -> Tree { try TreeScanner.scan(directory(name)) }

  private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

  private func content(_ tree: Tree, _ path: String) throws -> String {
    let disk = try tree.disk(path)
    return String(decoding: try disk.bytes(0..<disk.size), as: UTF8.self)
  }

  /// Every path of a tree with the number of its node.
  private func listing(_ tree: Tree) -> [String] {
    var lines: [String] = []
    func list(_ node: Int, _ path: String) {
      for index in tree.nodes[node].children {
        let entry = tree.entries[index]
        let name = String(decoding: tree.text[tree.name(of: entry)], as: UTF8.self)
        lines.append("\(path)\(name) \(entry.node)")
        if tree.nodes[Int(entry.node)].kind == .directory {
          list(Int(entry.node), "\(path)\(name)/")
        }
      }
    }
    list(0, "")
    return lines
  }

  @Test func aDraftOfATreeIsTheSameTree() throws {
    let tree = try TreeScanner.scan(MixedTree.shared().root.description)
    var draft = TreeDraft()
    draft.merge(tree)
    let copy = draft.finish()
    #expect(listing(copy) == listing(tree))
    #expect(TreeDigest.digest(of: copy, with: []) == TreeDigest.digest(of: tree, with: []))
    for (index, node) in tree.nodes.enumerated() {
      #expect(copy.nodes[index].linkCount == node.linkCount)
      #expect(copy.path(of: index) == tree.path(of: index))
      #expect(copy.dataRanges(of: copy.nodes[index]) == tree.dataRanges(of: node))
    }
  }

  @Test func laterTreesWin() throws {
    for path in ["a", "a/both", "a/file-then-directory.d", "b", "b/both"] {
      try Host.makeDirectory(directory(path))
    }
    try Host.write(directory("a/both/one"), Array("first".utf8))
    try Host.write(directory("a/both/same"), Array("first".utf8))
    try Host.write(directory("a/both/linked"), Array("link".utf8))
    try Host.hardLink(directory("a/both/again"), to: directory("a/both/linked"))
    try Host.write(directory("a/file-then-directory.d/lost"), [])
    try Host.write(directory("a/then-directory"), [])
    try Host.write(directory("b/both/same"), Array("second".utf8))
    try Host.write(directory("b/both/linked"), Array("single".utf8))
    try Host.write(directory("b/file-then-directory.d"), Array("file".utf8))
    try Host.makeDirectory(directory("b/then-directory"))
    try Host.link(directory("b/then-directory/link"), to: "../both")
    var draft = TreeDraft()
    draft.merge(try scan("a"))
    draft.merge(try scan("b"))
    let tree = draft.finish()
    #expect(
      listing(tree).map { $0.split(separator: " ")[0] } == [
        "both", "both/again", "both/linked", "both/one", "both/same", "file-then-directory.d",
        "then-directory", "then-directory/link",
      ]
    )
    #expect(try content(tree, "both/one") == "first")
    #expect(try content(tree, "both/same") == "second")
    #expect(try content(tree, "both/again") == "link")
    #expect(try content(tree, "both/linked") == "single")
    #expect(try tree.node("both/again").linkCount == 1)
    #expect(try content(tree, "file-then-directory.d") == "file")
    let link = try tree.node("then-directory/link")
    #expect(String(decoding: tree.text[link.target], as: UTF8.self) == "../both")
    #expect(tree.path(of: try tree.index(of: "both/same")) == directory("b/both/same"))
  }

  @Test func mergingEqualsAScan() throws {
    for path in ["a", "b", "c", "a/d", "b/d", "c/d"] { try Host.makeDirectory(directory(path)) }
    for (path, copies) in [("d/x", ["a", "c"]), ("d/y", ["b", "c"]), ("z", ["a", "b", "c"])] {
      for copy in copies { try Host.write(directory("\(copy)/\(path)"), Array(path.utf8)) }
    }
    for path in ["a/d/x", "c/d/x", "b/d/y", "c/d/y", "a/z", "b/z", "c/z", "b/d", "c/d", "b", "c"] {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
        ofItemAtPath: directory(path)
      )
    }
    var draft = TreeDraft()
    draft.merge(try scan("a"))
    draft.merge(try scan("b"))
    let merged = draft.finish()
    let scanned = try scan("c")
    #expect(listing(merged) == listing(scanned))
    #expect(
      TreeDigest.digest(of: merged, with: []) == TreeDigest.digest(of: scanned, with: [])
    )
  }

  @Test func namesAreRemoved() throws {
    var draft = TreeDraft()
    let file = TreeDraft.File(Node(kind: .fifo, permissions: 0o600))
    let deep = draft.makeDirectory(at: [bytes("a"), bytes("b"), bytes("c")])
    draft.insert(file, named: bytes("fifo"), in: deep)
    let a = try #require(draft.find([bytes("a")]))
    let linked = draft.insert(file, named: bytes("one"), in: a)
    draft.link(linked, named: bytes("two"), in: a)
    draft.link(linked, named: bytes("three"), in: draft.root)
    let removals = [
      draft.remove(bytes("one"), from: a), draft.remove(bytes("one"), from: a),
    ]
    #expect(removals == [true, false])
    draft.clear(bytes("b"), of: a)
    #expect(draft.find([bytes("a"), bytes("b"), bytes("c")]) == nil)
    draft.insert(file, named: bytes("one"), in: a)
    let tree = draft.finish()
    #expect(
      listing(tree).map { $0.split(separator: " ")[0] } == ["a", "a/b", "a/one", "a/two", "three"]
    )
    #expect(try tree.index(of: "a/two") == tree.index(of: "three"))
    #expect(try tree.node("three").linkCount == 2)
    #expect(try tree.node("a/one").linkCount == 1)
    #expect(tree.path(of: try tree.index(of: "a/one")) == "/a/one")
  }

  @Test func manyNamesAreFound() throws {
    var draft = TreeDraft()
    let file = TreeDraft.File(Node(kind: .socket, permissions: 0))
    for number in 0..<20_000 {
      let directory = draft.makeDirectory(at: [bytes("\(number % 97)")])
      draft.insert(file, named: bytes("n\(number)"), in: directory)
    }
    for number in stride(from: 0, to: 20_000, by: 3) {
      let directory = try #require(draft.find([bytes("\(number % 97)")]))
      let wasThere = draft.remove(bytes("n\(number)"), from: directory)
      #expect(wasThere)
    }
    for number in 0..<20_000 {
      let found = draft.find([bytes("\(number % 97)"), bytes("n\(number)")])
      #expect((found == nil) == (number % 3 == 0))
    }
    #expect(draft.finish().nodes.count == 1 + 97 + 20_000 - 6_667)
  }
}
