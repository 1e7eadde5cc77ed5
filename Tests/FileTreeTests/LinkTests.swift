import FileTree
import Foundation
import TestSupport
import Testing

struct LinkTests {
  /// A tree of links to files and directories, some of them to nothing.
  private func scan() throws -> (tree: Tree, directory: TemporaryDirectory) {
    let directory = try TemporaryDirectory()
    let manager = FileManager.default
    try manager.createDirectory(atPath: directory("a/b/c"), withIntermediateDirectories: true)
    for file in ["x", "a/y", "a/b/z"] {
      try Data(file.utf8).write(to: URL(fileURLWithPath: directory(file)))
    }
    for (link, target) in Self.links {
      try manager.createSymbolicLink(atPath: directory(link), withDestinationPath: target)
    }
    return (try TreeScanner.scan(directory.path), directory)
  }

  private static let links = [
    "a/l1": "y", "a/b/l2": "../y", "a/b/l3": "../../a/b/../y", "l4": "a/l1", "l5": "a/b",
    "l6": "l5/l2", "l7": "l5/../x", "a/b/c/l8": "./.././/z", "l9": "a/b/", "root": ".",
    "bad1": "nowhere", "bad2": "/etc", "bad3": "..", "bad4": "x/", "bad5": "bad5", "bad6": "a/bad7",
    "a/bad7": "../bad6", "bad8": "x/y", "bad9": "../../x", "bad10": "a/b/../../../x",
  ]

  @Test(arguments: [
    ("a/l1", "a/y"), ("a/b/l2", "a/y"), ("a/b/l3", "a/y"), ("l4", "a/y"), ("l5", "a/b"),
    ("l6", "a/y"), ("l7", "x"), ("a/b/c/l8", "a/b/z"), ("l9", "a/b"), ("root", ""),
  ])
  func linksInTheTreeLeadSomewhere(link: String, target: String) throws {
    // The link l7 goes through a link, from where it goes up: the tree's way, not the text's.
    let expected = link == "l7" ? nil : target
    let (tree, _) = try scan()
    let found = try resolve(link, in: tree)
    #expect(found == (try expected.map { try tree.index(of: $0) }))
  }

  @Test(arguments: links.keys.filter { $0.contains("bad") })
  func othersDoNot(link: String) throws {
    #expect(try resolve(link, in: scan().tree) == nil)
  }

  private func resolve(_ link: String, in tree: Tree) throws -> Int? {
    let parent = link.split(separator: "/").dropLast().joined(separator: "/")
    return tree.target(ofLink: try tree.index(of: link), in: try tree.index(of: parent))
  }

  @Test func childrenAreFoundByName() throws {
    let (tree, _) = try scan()
    for name in ["a", "x", "l4", "root", "bad10"] {
      let entry = tree.child(named: Array(name.utf8)[...], of: 0)
      #expect(entry.map { Int($0.node) } == (try tree.index(of: name)))
    }
    for name in ["", "b", "xx", "zzz", "A"] {
      #expect(tree.child(named: Array(name.utf8)[...], of: 0) == nil)
    }
  }
}
