import Foundation
import TestSupport
import Testing

/// A real kernel's view of FAT filesystems.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(15)))
struct FloppyGuestTests {
  /// What the guest should print of the filesystem made from the tree.
  private static func expectedLines(_ tree: RawPath) throws -> Set<[UInt8]> {
    var lines: Set<[UInt8]> = []
    let expectation = try FloppyExpectation(of: tree)
    var files: [RawPath] = []
    var sources: [String] = []
    for (path, entry) in expectation.entries {
      guard entry.facts.isRegular else {
        lines.insert(Array("\(entry.seconds) ./".utf8) + path.bytes)
        continue
      }
      let mode = entry.isReadOnly ? "555" : "755"
      lines.insert(Array("\(entry.facts.size) \(entry.seconds) \(mode) ./".utf8) + path.bytes)
      files.append(path)
      sources.append("\(entry.source)")
    }
    let sums = sources.isEmpty ? [] : try Program("md5sum").succeed(["-z"] + sources).output
    for (path, line) in zip(files, sums.split(separator: 0)) {
      lines.insert(Array(line.prefix(32)) + Array("  ./".utf8) + path.bytes)
    }
    return lines
  }

  private static func expectEqual(_ found: [String], _ tree: RawPath, _ disk: String) throws {
    let (found, expected) = (Set(found.map { Array($0.utf8) }), try expectedLines(tree))
    func text(_ who: String, _ lines: Set<[UInt8]>) -> [String] {
      lines.map { "\(disk): \(who): \(String(decoding: $0, as: UTF8.self))" }
    }
    let differences =
      text("guest", found.subtracting(expected)) + text("host", expected.subtracting(found))
    #expect(differences.isEmpty, "\(summary(differences.sorted { $0.suffix(20) < $1.suffix(20) }))")
    #expect(!found.isEmpty)
  }

  /// A disk, and where the guest has its filesystem.
  private static let disks: [(name: String, seed: UInt64, words: [String])] = [
    ("vda", 5001, ["type=fat12", "layout=none"]),
    ("vdb1", 5002, ["type=fat16", "layout=mbr"]),
    ("vdc1", 5003, ["type=fat32", "layout=gpt", "size=2G"]),
    ("vdd1", 5007, ["cluster=64K"]),
    ("vde", 5004, ["size=1440K"]),
  ]

  @Test("A kernel mounts FAT of all types, and sees what the host has")
  func mount() throws {
    var servers: [NbdgenProcess] = []
    var trees: [FloppyTree] = []
    for disk in Self.disks {
      let tree = try FloppyTree(seed: disk.seed, isSmall: disk.words == ["size=1440K"])
      trees.append(tree)
      servers.append(try NbdgenProcess(["floppy", "\(tree.root)"] + disk.words))
    }
    // What cloud-init would read.
    let directory = try TemporaryDirectory()
    let (metadata, userdata) = ("instance-id: i-1\nlocal-hostname: box\n", "#cloud-config\n{}\n")
    try RawPath(directory("meta-data")).write(Array(metadata.utf8))
    try RawPath(directory("user-data")).write(Array(userdata.utf8))
    servers.append(try NbdgenProcess(["floppy", directory.path, "label=cidata", "size=1M"]))

    let names = Self.disks.map(\.name).joined(separator: ",")
    let outcome = try FloppyGuest.boot(
      servers.map(\.uri),
      telling: "floppy.disks=\(names) floppy.label=CIDATA"
    )
    #expect(outcome.status == 0, "\(outcome)")
    for (disk, tree) in zip(Self.disks, trees) {
      let lines = try #require(FloppyGuest.section(disk.name, of: outcome), "\(outcome)")
      try Self.expectEqual(lines, tree.root, disk.name)
    }
    let seed = FloppyGuest.section("seed", of: outcome)
    #expect(seed == (metadata + userdata).split(separator: "\n").map(String.init), "\(outcome)")
    #expect(!outcome.lines.contains { $0.contains(/FAT-fs|I\/O error/) }, "\(outcome)")
    #expect(outcome.lines.contains { $0.hasPrefix("guest: done") })
    for server in servers { try server.stop() }
  }

  @Test("blkid finds label, volume ID and type")
  func identity() throws {
    let directory = try TemporaryDirectory()
    for width in FATVolume.Width.allCases {
      let words = ["type=\(width)", "label=cidata", "volume-id=1234-ABCD", "layout=none"]
      let image = try FloppyImage(of: RawPath(directory.path), words)
      let lines = try Program("blkid").succeed(["-p", "-o", "export", image.disk]).lines
      let version = width.rawValue.uppercased()
      for line in ["LABEL=CIDATA", "UUID=1234-ABCD", "TYPE=vfat", "VERSION=\(version)"] {
        #expect(lines.contains(line), "\(lines)")
      }
      #expect(!lines.contains { $0.hasPrefix("PTTYPE=") }, "\(lines)")
    }
  }
}
