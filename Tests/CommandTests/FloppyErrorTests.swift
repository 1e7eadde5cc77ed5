import Foundation
import TestSupport
import Testing

/// Trees and parameters that make no FAT filesystem.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct FloppyErrorTests {
  /// Names that FAT cannot hold, and what the error has to say beside them.
  nonisolated static let badNames: [(name: [UInt8], fragment: String)] =
    "\"*:<>?\\|".map { (Array("with \($0) inside".utf8), "\($0)") }
    + [
      (Array("new\nline".utf8), "control character"), ([0x61, 0x01, 0x62], "control character"),
      (Array("dot at the end.".utf8), "dot"), (Array("space at the end ".utf8), "space"),
      (Array("...".utf8), "dot"), (Array(" ".utf8), "space"),
      ([0x61, 0xFF, 0x62], "UTF-8"), ([0xED, 0xA0, 0x80], "UTF-8"), ([0xC3], "UTF-8"),
    ]
    + ["CON", "prn", "Aux.txt", "nul.tar.gz", "COM1", "com9.log", "LPT1", "lpt9"].map {
      (Array($0.utf8), "device")
    }

  /// Names that differ only in case, or not at all to FAT.
  nonisolated static let alikeNames = [
    ("Readme", "README"), ("a long name.text", "A Long Name.text"),
    ("gr\u{FC}n", "GR\u{DC}N"), ("\u{436}", "\u{416}"),
  ]

  /// Lines of the error that begin like those of conflicts.
  private static func expectLines(_ outcome: Outcome, _ conflicts: [(path: String, text: String)]) {
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.output.isEmpty, "\(outcome)")
    for (path, text) in conflicts {
      let start = "nbdgen: floppy: \(path): "
      let lines = outcome.errorLines.filter { $0.hasPrefix(start) }
      #expect(lines.count == 1, "\(path): \(outcome)")
      #expect(lines.first?.dropFirst(start.count).contains(text) == true, "\(lines)")
    }
    // And one with advice.
    #expect((conflicts.count...conflicts.count + 1).contains(outcome.errorLines.count))
    #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("nbdgen: floppy: ") }, "\(outcome)")
  }

  /// How paths look in errors.
  private static func printable(_ name: [UInt8]) -> String? {
    let text = String(decoding: name, as: UTF8.self)
    return name.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x5C } ? text : nil
  }

  private static func serve(_ scene: Scene, _ words: [String] = []) throws -> Outcome {
    let line = ["-U", "-", "--run", "touch ran", "floppy", "tree"] + words
    return try scene.run(line, timeout: 120)
  }

  /// Copies a disk without a partition table, which `fsck.fat` has to accept.
  ///
  /// - Returns: The names that mtools finds.
  private static func expectClean(_ scene: Scene, _ words: [String]) throws -> [String] {
    let copy = scene("tmp/copy")
    let line = ["floppy", "tree", "layout=none", "--run", "nbdcopy \"$uri\" '\(copy)'"] + words
    let outcome = try scene.run(["-U", "-"] + line, timeout: 120)
    #expect(outcome.status == 0, "\(outcome)")
    let check = try Program("fsck.fat").run(["-n", copy])
    #expect(check.status == 0 && check.lines.count == 2, "\(check)")
    let mdir = try Program("mdir", environment: ["LC_ALL": "C.UTF-8"])
    let names = try mdir.succeed(["-i", copy, "-/", "-b", "::/"]).lines
    try RawPath(copy).remove()
    return names
  }

  @Test("Every name that FAT cannot hold has its line")
  func names() throws {
    var scene = try Scene()
    var conflicts: [(path: String, text: String)] = []
    try RawPath(scene("tree/folder")).makeDirectory()
    for (name, fragment) in Self.badNames {
      try (RawPath(scene("tree/folder")) / name).write([0x2E])
      if let text = Self.printable(name) { conflicts.append(("tree/folder/\(text)", fragment)) }
    }
    try scene.settle()
    let outcome = try Self.serve(scene)
    #expect(outcome.status == 1, "\(outcome)")
    let lines = outcome.errorLines.filter { $0.hasPrefix("nbdgen: floppy: tree/folder/") }
    #expect(lines.count == Self.badNames.count, "\(outcome)")
    for (path, text) in conflicts {
      let start = "nbdgen: floppy: \(path): "
      #expect(lines.contains { $0.hasPrefix(start) && $0.contains(text) }, "\(path): \(lines)")
    }
    #expect(lines.count { $0.contains("control character") } == 2, "\(lines)")
    #expect(lines.count { $0.contains("UTF-8") } == 3, "\(lines)")
    #expect(try scene.leftovers() == [])

    // "file" and the folder are always there.
    let renamed = try Self.expectClean(scene, ["on-conflict=rename"])
    #expect(renamed.count == Self.badNames.count + 2, "\(renamed)")
    #expect(
      try Self.expectClean(scene, ["on-conflict=skip"]).sorted() == ["::/file", "::/folder/"]
    )
    #expect(try scene.leftovers() == [])
  }

  @Test("A name that is bad is bad for a directory", arguments: ["rename", "skip"])
  func directories(_ policy: String) throws {
    var scene = try Scene()
    for (name, _) in Self.badNames {
      let folder = RawPath(scene("tree")) / name
      try folder.makeDirectory()
      try (folder / "inside").write([0x2E])
    }
    try scene.settle()
    #expect(try Self.serve(scene).errorLines.count >= Self.badNames.count)
    let names = try Self.expectClean(scene, ["on-conflict=\(policy)"])
    #expect(names.count == (policy == "skip" ? 1 : 2 * Self.badNames.count + 1), "\(names)")
    #expect(try scene.leftovers() == [])
  }

  @Test("Names that differ only in case have a line")
  func alikeNames() throws {
    var scene = try Scene()
    for (name, other) in Self.alikeNames {
      try RawPath(scene("tree/\(name)")).write([0x31])
      try RawPath(scene("tree/\(other)")).write([0x32])
    }
    try scene.settle()
    let outcome = try Self.serve(scene)
    #expect(outcome.status == 1)
    for (name, other) in Self.alikeNames {
      let lines = outcome.errorLines.filter {
        $0.hasPrefix("nbdgen: floppy: tree/\(name): ")
          || $0.hasPrefix("nbdgen: floppy: tree/\(other): ")
      }
      #expect(lines.count == 1, "\(name): \(outcome)")
      let line = lines.first ?? ""
      #expect(line.contains(name) && line.contains(other), "\(line)")
    }
    #expect(try scene.leftovers() == [])
    let count = Self.alikeNames.count
    let renamed = try Self.expectClean(scene, ["on-conflict=rename"])
    #expect(renamed.count == 2 * count + 1, "\(renamed)")
    let skipped = try Self.expectClean(scene, ["on-conflict=skip"])
    #expect(skipped.count == count + 1, "\(skipped)")
  }

  @Test("A file of 4 GiB is too large by one byte")
  func largeFile() throws {
    var scene = try Scene()
    try RawPath(scene("tree/large")).write([], size: 4 << 30)
    try scene.settle()
    Self.expectLines(try Self.serve(scene), [("tree/large", "4 GiB")])
    Self.expectLines(try Self.serve(scene, ["on-conflict=rename"]), [("tree/large", "4 GiB")])
    #expect(try Self.expectClean(scene, ["on-conflict=skip"]) == ["::/file"])
    // fsck.fat adds up the sizes of clusters in 32 bits.
    try RawPath(scene("tree/large")).truncate(to: (4 << 30) - (64 << 10))
    #expect(try Self.expectClean(scene, []).sorted() == ["::/file", "::/large"])
    try RawPath(scene("tree/large")).truncate(to: (4 << 30) - 1)
    #expect(try scene.run(["-U", "-", "--run", "true", "floppy", "tree"]).status == 0)
  }

  @Test("A directory of more than 65,536 slots is too large")
  func wideDirectory() throws {
    var scene = try Scene()
    try RawPath(scene("tree/wide")).makeDirectory()
    // 21 slots each: 3120 of them and "." and ".." take 65,522.
    let padding = String(repeating: "n", count: 246)
    for number in 10_000..<13_121 { try RawPath(scene("tree/wide/\(number)\(padding)")).write() }
    try scene.settle()
    Self.expectLines(try Self.serve(scene), [("tree/wide", "65536")])
    let skipped = try Self.expectClean(scene, ["on-conflict=skip"])
    #expect(skipped.count == 2 + 3120)
    try RawPath(scene("tree/wide/10000\(padding)")).remove()
    #expect(try Self.expectClean(scene, []).count == 2 + 3120)
  }

  @Test("The root directory of a floppy has only so many entries")
  func fullRoot() throws {
    var scene = try Scene()
    // 112 of them: 2 for each of these, one for "file", one for a label.
    for number in 10..<66 { try RawPath(scene("tree/Number \(number)")).write() }
    try scene.settle()
    Self.expectLines(try Self.serve(scene, ["size=360K"]), [("tree", "112")])
    // Those are left out for which there is no room when they come; "file" is short.
    #expect(try Self.expectClean(scene, ["size=360K", "on-conflict=skip"]).count == 56)
    try RawPath(scene("tree/Number 65")).remove()
    #expect(try Self.expectClean(scene, ["size=360K"]).count == 56)
    try RawPath(scene("tree/Number 65")).write()
    #expect(try Self.expectClean(scene, ["size=1440K"]).count == 57)
  }

  @Test("What FAT does not have is left out with a note")
  func specialFiles() throws {
    var scene = try Scene()
    try RawPath(scene("tree/pipe")).makeNode(0o010644)
    try RawPath(scene("tree/plug")).makeNode(0o140755)
    try RawPath(scene("tree/outside")).makeSymbolicLink(to: "../file")
    try RawPath(scene("tree/nowhere")).makeSymbolicLink(to: "missing")
    try RawPath(scene("tree/inside")).makeSymbolicLink(to: "file")
    try scene.settle()
    let outcome = try scene.run(["-U", "-", "--run", "true", "floppy", "tree"])
    #expect(outcome.status == 0, "\(outcome)")
    for name in ["pipe", "plug", "outside", "nowhere"] {
      #expect(outcome.errorLines.contains { $0.contains("tree/\(name)") }, "\(name): \(outcome)")
    }
    #expect(!outcome.errorLines.contains { $0.contains("tree/inside") }, "\(outcome)")
    #expect(try Self.expectClean(scene, []).sorted() == ["::/file", "::/inside"])
  }

  @Test("A file that changes after the start cannot be read")
  func changedFile() throws {
    let scene = try Scene()
    let line = "echo more >>tree/file; nbdcopy \"$uri\" tmp/copy"
    let outcome = try scene.run(["-U", "-", "--run", line, "floppy", "tree"])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errorLines.contains { $0.contains("Input/output error") }, "\(outcome)")
    #expect(outcome.errorLines.contains { $0.contains("tree/file") }, "\(outcome)")
  }
}
