import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FloppyGenerator

struct SelectionTests {
  /// A directory with empty files of these names, and links `name -> target`.
  private func tree(_ names: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for name in names {
      let parts = name.components(separatedBy: " -> ")
      let path = directory(parts[0])
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent,
        withIntermediateDirectories: true
      )
      if parts.count == 2 {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: parts[1])
      } else {
        try Data(name.utf8).write(to: URL(fileURLWithPath: path))
      }
    }
    return directory
  }

  @Test("Everything that FAT cannot hold is listed at once")
  func conflicts() throws {
    let names = ["a", "A", "b:c", "dir/con", "dir/e.", "dir/f|g", "fine", "zü", "zÜ"]
    let tree = try tree(names)
    let lines = errorLines(tree.path)
    #expect(lines.count == 7, "\(lines)")
    for (name, cause) in [
      ("a", "the name differs from A in case"), ("b:c", "has a :"), ("dir/con", "device"),
      ("dir/e.", "ends in a dot"), ("dir/f|g", "has a |"),
      ("zü", "the name differs from zÜ in case"),
    ] {
      let path = "\(tree.path)/\(name): "
      #expect(lines.contains { $0.hasPrefix(path) && $0.contains(cause) }, "\(name): \(lines)")
    }
    #expect(lines.last?.contains("on-conflict=rename") == true)
    for policy in ["rename", "skip"] {
      let (disk, notes) = try build(tree.path, "on-conflict=\(policy)", "layout=none")
      try check(disk)
      #expect(notes.joined().contains("b:c"), "\(notes)")
    }
  }

  @Test("Links in the tree are followed, others are left out with a note")
  func links() throws {
    let tree = try tree([
      "file", "dir/inner", "dir/deep/x", "link -> file", "dir/up -> ../file", "chain -> link",
      "dirlink -> dir", "dirlink2 -> dir/../dir/./deep/", "gone -> nowhere", "out -> ../..",
      "absolute -> /etc/passwd", "self -> self", "dir/loop -> ..", "dir/deep/here -> .",
      "notdir -> file/x",
    ])
    let (disk, notes) = try build(tree.path, "layout=none")
    try check(disk)
    let text = notes.joined(separator: "\n")
    for name in ["gone", "out", "absolute", "self", "dir/loop", "dir/deep/here", "notdir"] {
      #expect(text.contains("\(tree.path)/\(name)"), "\(name): \(text)")
    }
    for name in ["chain", "dirlink", "dir/up"] { #expect(!text.contains("/\(name),"), "\(text)") }
    let directory = try TemporaryDirectory()
    try writeSparse(disk, to: directory("disk"))
    let list = try runTool("mdir", ["-/", "-b", "-i", directory("disk"), "::"])
    for path in ["chain", "dirlink/inner", "dirlink2/x", "dirlink/deep/x", "dir/up"] {
      #expect(list.contains("::/\(path)\n"), "\(path): \(list)")
    }
  }

  @Test("Links that multiply the tree are an error, soon")
  func linkBomb() throws {
    var names: [String] = ["d0/file"]
    for level in 1...40 {
      for letter in "abc" { names.append("d\(level)/\(letter) -> ../d\(level - 1)") }
    }
    let tree = try tree(names)
    let lines = errorLines(tree.path)
    #expect(lines.count == 1)
    #expect(
      lines.first?.contains("symbolic links to directories multiply the tree") == true,
      "\(lines)"
    )
  }

  @Test("A floppy's root directory has its limit")
  func rootLimit() throws {
    let tree = try tree((0..<223).map { "f\($0)" })
    #expect(errorLines(tree.path, "size=1440K") == [])
    try Data().write(to: URL(fileURLWithPath: tree("one more")))
    let lines = errorLines(tree.path, "size=1440K")
    #expect(lines.first?.contains("the root directory of this floppy has 224") == true, "\(lines)")
    let (disk, notes) = try build(tree.path, "size=1440K", "on-conflict=skip")
    try check(disk)
    #expect(notes.joined().contains("the directory is full"))
    // Elsewhere there are as many entries as are needed.
    try check(try build(tree.path, "size=1441K").disk)
  }

  @Test("A directory has at most 65,536 entries")
  func directoryLimit() throws {
    let directory = try TemporaryDirectory()
    let inner = directory("many")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    let name = String(repeating: "n", count: 250)
    // Each takes 21 entries: all are 65,522 with the two of the directory.
    for number in 0..<3120 {
      try Data().write(to: URL(fileURLWithPath: "\(inner)/\(name)\(number)"))
    }
    try check(try build(directory.path, "layout=none").disk)
    try Data().write(to: URL(fileURLWithPath: "\(inner)/\(name)last"))
    let lines = errorLines(directory.path)
    #expect(lines.first?.hasPrefix("\(inner): its names take 65543 entries") == true, "\(lines)")
    let (disk, notes) = try build(directory.path, "on-conflict=skip", "layout=none")
    try check(disk)
    #expect(notes.joined().contains("the directory is full"))
  }

  @Test("A file of 4 GiB is too large, one byte less is not")
  func fileLimit() throws {
    let directory = try TemporaryDirectory()
    for (name, size) in [("most", UInt64(UInt32.max)), ("more", 1 << 32)] {
      try Data().write(to: URL(fileURLWithPath: directory(name)))
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: directory(name)))
      try file.truncate(atOffset: size)
    }
    let lines = errorLines(directory.path)
    #expect(lines.first?.hasPrefix("\(directory("more")): has 4294967296 bytes") == true)
    #expect(lines.count == 2)
    let disk = try build(directory.path, "on-conflict=skip", "layout=none").disk
    let image = try TemporaryDirectory()
    try writeSparse(disk, to: image("disk"))
    // fsck.fat adds up clusters in 32 bits, and takes this file's for none at all.
    let list = try runTool("mdir", ["-i", image("disk"), "::most"])
    #expect(list.contains("4 294 967 295 bytes"), "\(list)")
  }
}
