import Foundation
import TestSupport
import Testing

/// Parameters of `floppy` that are wrong.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct FloppyUsageTests {
  /// Parameters, and what has to be in the error.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var words: [String]
    var fragments: [String]
    var testDescription: String { words.joined(separator: " ") }

    init(_ words: String..., saying fragments: [String]) {
      self.words = words
      self.fragments = fragments
    }
  }

  nonisolated private static let mistakes = [
    Mistake("type=fat8", saying: ["type=fat8", "fat12", "fat16", "fat32"]),
    Mistake("type=", saying: ["type=", "fat12"]),
    Mistake("cluster=513", saying: ["cluster=513", "512"]),
    Mistake("cluster=256", saying: ["cluster=256", "512"]),
    Mistake("cluster=128K", saying: ["cluster=128K", "64K"]),
    Mistake("cluster=x", saying: ["cluster=x"]),
    Mistake("size=x", saying: ["size=x", "not a size"]),
    Mistake("size=-1", saying: ["size=-1", "not a size"]),
    Mistake("size=+", saying: ["size=+", "not a size"]),
    Mistake("size=63K", saying: ["size=63K", "64 KiB"]),
    Mistake("size=3T", saying: ["size=3T", "2 TiB"]),
    Mistake("layout=apm", saying: ["layout=apm", "none", "mbr", "gpt"]),
    Mistake("size=64K", "layout=gpt", saying: ["size=64K"]),
    Mistake("label=twelve chars", saying: ["label=twelve chars", "11"]),
    Mistake("label=a/b", saying: ["label=a/b"]),
    Mistake("label=gr\u{FC}n", saying: ["label="]),
    Mistake("volume-id=1234", saying: ["volume-id=1234"]),
    Mistake("volume-id=1234-ABCG", saying: ["volume-id=1234-ABCG"]),
    Mistake("volume-id=12345-678", saying: ["volume-id=12345-678"]),
    Mistake("volume-id=123456789", saying: ["volume-id=123456789"]),
    Mistake("on-conflict=ask", saying: ["on-conflict=ask", "error", "rename", "skip"]),
    Mistake("timezone=CET", saying: ["timezone=CET"]),
    Mistake("timezone=+25:00", saying: ["timezone=+25:00"]),
    Mistake("timezone=+01:60", saying: ["timezone=+01:60"]),
    Mistake("bootsector=short", saying: ["bootsector=short", "512"]),
    Mistake("bootsector=long", saying: ["bootsector=long", "512"]),
    Mistake("bootsector=zeros", saying: ["bootsector=zeros", "jump"]),
    Mistake("bootsector=into", saying: ["bootsector=into"]),
    // A filesystem of fewer clusters than the type has at least, or of more.
    Mistake("type=fat32", "size=16M", saying: ["size=16M", "is enough"]),
    Mistake("type=fat16", "size=1M", saying: ["size=1M", "is enough"]),
    Mistake("type=fat16", "cluster=64K", "size=16M", saying: ["size=16M", "is enough"]),
    Mistake("type=fat12", "size=1G", saying: ["type="]),
    Mistake("type=fat12", "cluster=512", "size=64M", saying: ["cluster"]),
  ]

  @Test("A wrong parameter gets one line", arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    var scene = try Scene()
    let jump: [UInt8] = [0xEB, 0x3C, 0x90]
    let code = jump + [UInt8](repeating: 0, count: 507) + [0x55, 0xAA]
    try RawPath(scene("short")).write(Array(code.prefix(511)))
    try RawPath(scene("long")).write(code + [0])
    try RawPath(scene("zeros")).write([UInt8](repeating: 0, count: 510) + [0x55, 0xAA])
    // A jump that leads into the parameter block.
    try RawPath(scene("into")).write([0xEB, 0x10, 0x90] + code.dropFirst(3))
    try scene.settle()
    let outcome = try scene.run(
      ["-U", "-", "--run", "touch ran", "floppy", "tree"] + mistake.words
    )
    #expect(outcome.status == 2, "\(outcome)")
    expectOneLine(outcome, status: 2, saying: [])
    let line = (outcome.errorLines.first ?? "").lowercased()
    for fragment in mistake.fragments { #expect(line.contains(fragment.lowercased()), "\(line)") }
    #expect(try scene.leftovers() == [])
  }

  @Test("A boot sector that is not there is named")
  func missingBootSector() throws {
    let scene = try Scene()
    let words = ["-U", "-", "--run", "touch ran", "floppy", "tree", "bootsector=missing"]
    expectOneLine(try scene.run(words), status: 1, saying: ["missing", "No such file"])
    #expect(try scene.leftovers() == [])
  }

  @Test(
    "Right values are taken",
    arguments: [
      "type=auto", "type=fat32", "cluster=64K", "cluster=512", "size=64K", "size=+64M", "size=2T",
      "size=1441K", "label=", "label=eleven char", "volume-id=1234-abcd", "volume-id=1234ABCD",
      "timezone=UTC", "timezone=local", "timezone=+05:30", "timezone=-12:00", "on-conflict=error",
    ]
  )
  func acceptance(_ word: String) throws {
    let scene = try Scene()
    let outcome = try scene.run(["-U", "-", "--run", "true", "floppy", "tree", word])
    #expect(outcome.status == 0, "\(outcome)")
  }
}
