import Foundation
import TestSupport
import Testing

/// How large a disk has to be.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppySizeTests {
  private static func run(_ root: RawPath, _ words: [String]) throws -> Outcome {
    let line = ["-U", "-", "floppy", "\(root)"] + words + ["--run", "nbdinfo --size \"$uri\""]
    return try Program.nbdgen().run(line)
  }

  /// The size that the disk has; `nil` if it is refused, which has to be said in
  /// one line that names a size that is enough.
  private static func size(_ root: RawPath, _ words: [String], size: Int) throws -> Int? {
    let outcome = try run(root, words + ["size=\(size)"])
    if outcome.status == 0 { return Int(outcome.lines.first ?? "") }
    #expect(outcome.status == 2, "\(outcome)")
    let isHopeless = outcome.errorLines.contains { $0.contains("beside the partition table") }
    #expect(try isHopeless || suggestion(outcome) != nil, "\(outcome)")
    return nil
  }

  /// The size that a refusal names.
  private static func suggestion(_ outcome: Outcome) throws -> String? {
    let lines = outcome.errorLines.filter { $0.contains("too small") }
    return lines.first?.firstMatch(of: /size=([0-9]+[A-Za-z]*) is enough/).map { String($0.1) }
  }

  private static func expectClean(_ root: RawPath, _ words: [String]) throws {
    let image = try FloppyImage(of: root, words)
    let complaints = try image.complaints(comparedWith: root)
    #expect(complaints.isEmpty, "\(words): \(summary(complaints))")
  }

  @Test("The smallest disk that is accepted is clean", arguments: 0..<16)
  func exactFit(_ number: Int) throws {
    let tree = try FloppyTree(seed: UInt64(1000 + number))
    let width = FATVolume.Width.allCases[number % 3]
    // Few clusters more than FAT16 and FAT32 have at least.
    let layout = ["none", "mbr", "gpt"][number / 3 % 3]
    let words = ["type=\(width)", "layout=\(layout)"]
    let usual = try Self.run(tree.root, words)
    var accepted = try #require(Int(usual.lines.first ?? ""), "\(usual)")
    var refused = 0
    // Nothing says that a larger disk holds more: clusters may be larger.
    while accepted - refused > 512 {
      let step = refused == 0 ? max(512, accepted / 64) : max(512, (accepted - refused) / 2)
      let next = (accepted - step).roundedUp(to: 512)
      // No disk is smaller.
      guard next < accepted, next >= 64 << 10 else { break }
      if let size = try Self.size(tree.root, words, size: next) {
        #expect(size == next)
        accepted = next
      } else {
        refused = next
      }
    }
    try Self.expectClean(tree.root, words + ["size=\(accepted)"])

    let outcome = try Self.run(tree.root, words + ["size=\(refused)"])
    guard refused > 0, let suggestion = try Self.suggestion(outcome) else { return }
    try Self.expectClean(tree.root, words + ["size=\(suggestion)"])
  }

  @Test("A disk that is far too small is refused, and the size it names works", arguments: 0..<8)
  func farTooSmall(_ number: Int) throws {
    let tree = try FloppyTree(seed: UInt64(2000 + number))
    try (tree.root / "something of three megabytes").write([UInt8](repeating: 0x2E, count: 3 << 20))
    let size = ["64K", "160K", "1440K", "1500K"][number % 4]
    for words in [[], ["type=fat12"], ["type=fat16"], ["type=fat32"], ["layout=gpt"]] {
      // A GPT leaves no room at all on smaller disks.
      let size = words == ["layout=gpt"] ? "1500K" : size
      let outcome = try Self.run(tree.root, words + ["size=\(size)"])
      #expect(outcome.status == 2, "\(words): \(outcome)")
      let suggestion = try #require(try Self.suggestion(outcome), "\(words): \(outcome)")
      let again = try Self.run(tree.root, words + ["size=\(suggestion)"])
      #expect(again.status == 0, "\(words), after \(size): \(again)")
      guard again.status == 0 else { continue }
      try Self.expectClean(tree.root, words + ["size=\(suggestion)"])
    }
  }

  @Test("A disk of 2 TiB is served", arguments: [["layout=gpt"], ["layout=mbr"], ["layout=none"]])
  func largest(_ words: [String]) throws {
    let tree = try FloppyTree(seed: 3000)
    // What a copy, fsck.fat and mtools can be asked to do with a sparse file.
    let server = try NbdgenProcess(["floppy", "\(tree.root)", "size=2T"] + words)
    #expect(try Program("nbdinfo").succeed(["--size", server.uri]).lines == ["\(2 << 40)"])
    try server.stop()
    try Self.expectClean(tree.root, ["size=64G"] + words)
  }

  @Test("Partitions begin where systems of the disk's size expect them")
  func layout() throws {
    let tree = try FloppyTree(seed: 3001, isSmall: true)
    let cases: [(words: [String], table: String?, offset: Int)] = [
      (["size=64K"], nil, 0), (["size=1000K"], nil, 0), (["size=2880K"], nil, 0),
      (["size=2881K"], "dos", 63 * 512), (["size=4095K"], "dos", 63 * 512),
      (["size=4M"], "dos", 1 << 20), (["size=1G"], "dos", 1 << 20), ([], "dos", 63 * 512),
      (["size=4M", "layout=gpt"], "gpt", 1 << 20), (["size=1G", "layout=gpt"], "gpt", 1 << 20),
      (["size=1440K", "layout=mbr"], "dos", 63 * 512), (["size=1G", "layout=none"], nil, 0),
    ]
    for (words, table, offset) in cases {
      let image = try FloppyImage(of: tree.root, words)
      #expect(image.table == table && image.offset == offset, "\(words)")
      #expect(image.volume.hiddenSectors * 512 == offset, "\(words)")
      let complaints = try image.complaints(comparedWith: tree.root)
      #expect(complaints.isEmpty, "\(words): \(summary(complaints))")
      guard table != nil else { continue }
      let outcome = try Program("sfdisk").run(["--verify", image.disk])
      #expect(outcome.lines.contains("No errors detected."), "\(words): \(outcome)")
    }
  }
}
