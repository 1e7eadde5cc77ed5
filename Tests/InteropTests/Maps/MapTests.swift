import Foundation
import TestSupport
import Testing

/// Maps of disks of all generators, beside what clients are told of the same disks.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct MapTests {
  /// How many random trees of each kind.
  nonisolated static let count =
    Int(ProcessInfo.processInfo.environment["NBDGEN_MAP_COUNT"] ?? "") ?? 12

  /// Expects that a map has each byte once, and says of it what block status says.
  private static func check(_ words: [String]) throws -> [MapLine] {
    let lines = try MapLine.lines(["map", "--json"] + words)
    var end = 0
    for line in lines {
      #expect(line.offset == end && line.size > 0, "\(words): \(line)")
      end = line.range.upperBound
    }
    let served = try MapRoles.served(words)
    #expect(end == served.size, "\(words)")
    let runs = try MapRoles(lines).runs
    if runs != served.runs {
      let difference = zip(runs, served.runs).first { $0 != $1 }
      Issue.record("\(words): \(difference.map { "\($0)" } ?? "\(runs.count) runs")")
    }
    return lines
  }

  @Test("linuxdisk: every byte is in one piece, and is what clients are told")
  func linuxdisk() throws {
    for seed in 1...UInt64(Self.count) {
      let memory = try MemoryDirectory()
      let tree = RawPath(memory.path)
      var seeded = SeededVariant(seed: seed)
      try SeededTree(in: tree, seed: seed, for: seeded)
      try seeded.chooseSize(for: tree)
      let layout = ["mbr", "gpt", "none"][Int(seed % 3)]
      let variant = seeded.variant
      let words = ["linuxdisk", "\(tree)", "type=\(variant.type)", "layout=\(layout)"]
      do {
        _ = try Self.check(words + variant.words)
      } catch { Issue.record("seed \(seed), \(variant): \(error)") }
    }
  }

  @Test("floppy: every byte is in one piece, and is what clients are told")
  func floppy() throws {
    for seed in 1...Self.count {
      let tree = try FloppyTree(seed: UInt64(seed))
      let plan = FloppyPlan(seed, for: try FloppyExpectation(of: tree.root))
      do {
        _ = try Self.check(["floppy", "\(tree.root)"] + plan.parameters)
      } catch { Issue.record("seed \(seed), \(plan.parameters): \(error)") }
    }
  }

  @Test("floppy: files have all bytes that they have on the host, in order")
  func floppyFiles() throws {
    let tree = try FloppyTree(seed: 5)
    let lines = try Self.check(["floppy", "\(tree.root)", "type=fat32"])
    var sizes: [RawPath: Int] = [:]
    for line in lines where line.kind == "file" {
      let path = try #require(line.rawPath)
      #expect(line.file_offset == sizes[path] ?? 0)
      sizes[path, default: 0] += line.size
      #expect(try (tree.root / path.bytes).facts().size == line.file_size)
    }
    #expect(sizes.count > 3)
    for (path, size) in sizes { #expect(try (tree.root / path.bytes).facts().size == size) }
  }

  @Test(
    "data and info: every byte is in one piece, and is what clients are told",
    arguments: [
      ["data", "1 2 3"], ["data", "@1M 5 @+1G"], ["data", "0x55*1000000 @+513 \"0\"*5"],
      ["data", "(1 2 3)*100 @1000 \"x\""], ["data", "((1*2000) @+3000)*2"],
      ["data", "(1 @+510 2)*20 @+5000 7"], ["data", "size=0", ""], ["info", "address"],
      ["info", "time"], ["data", "((1 2 @+3)*7 (5*1000 @+9)*3)[2:1500]"],
    ]
  )
  func data(_ words: [String]) throws {
    _ = try Self.check(words)
  }

  @Test("data: the bytes of a file of the host are told with its path")
  func hostFile() throws {
    let directory = try TemporaryDirectory()
    try RawPath(directory("file")).write([UInt8](repeating: 7, count: 5000))
    let lines = try Self.check(["data", "1 2 <\(directory("file")) @+4096 3"])
    let file = try #require(lines.first { $0.kind == "file" })
    #expect(file.source == directory("file") && file.offset == 2 && file.size == 5000)
  }

  @Test("A disk of a tebibyte with 100,000 files is mapped in little memory")
  func large() throws {
    let memory = try MemoryDirectory()
    let root = RawPath(memory.path)
    for folder in 0..<100 {
      let path = root / "folder\(folder)"
      try path.makeDirectory()
      for number in 0..<1000 {
        try (path / "file\(number)").write(number % 100 == 0 ? Array("\(number)".utf8) : [1])
      }
    }
    let words = ["linuxdisk", "\(root)", "type=ext4", "layout=gpt", "size=1T"]
    let listing = "'\(try Program.nbdgen().path)' map --json \(words.joined(separator: " "))"
    let count = try Program.shell(listing + " | grep -c '\"kind\":\"file\"'", timeout: 120)
    #expect(count.lines == ["100000"], "\(count)")
    let text = try Program.nbdgen().succeed(["map"] + words, timeout: 120)
    #expect(text.lines.count < 70 && text.output.count < 10_000, "\(text)")
    #expect(text.lines.contains { $0.contains(" files in /") }, "\(text)")
  }
}
