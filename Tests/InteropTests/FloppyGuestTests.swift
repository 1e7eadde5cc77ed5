import Foundation
import TestSupport
import Testing

/// A real kernel's view of FAT filesystems.
@GuestThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppyGuestTests {
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

    let outcome = try FloppyGuest.boot(
      servers.map(\.uri),
      listing: Self.disks.map(\.name),
      telling: "floppy.label=CIDATA"
    )
    let failures = FloppyGuest.complaints(about: outcome)
    #expect(failures.isEmpty, "\(summary(failures)): \(outcome)")
    for (disk, tree) in zip(Self.disks, trees) {
      let complaints = try FloppyListing(disk.name, of: outcome).complaints(against: tree.root)
      #expect(complaints.isEmpty, "\(disk.name), seed \(disk.seed): \(summary(complaints))")
    }
    try expectRejection(of: trees[1], by: FloppyListing(Self.disks[1].name, of: outcome))
    let seed = FloppyGuest.section("seed", of: outcome)
    #expect(seed == (metadata + userdata).split(separator: "\n").map(String.init), "\(outcome)")
    for server in servers { try server.stop() }
  }

  /// Changes a file of the tree behind the disk, in each way that the guest
  /// should tell.
  private func expectRejection(of tree: FloppyTree, by listing: FloppyListing) throws {
    let name = try #require(
      try tree.root.names().first { name in
        let facts = try (tree.root / name).facts()
        let isOrdinary = facts.isRegular && facts.linkCount == 1 && facts.mode & 0o200 != 0
        return isOrdinary && (1...99_999).contains(facts.size) && name.count < 200
          && (1_000_000_000..<2_000_000_000).contains(facts.seconds)
      }
    )
    let (path, renamed) = (tree.root / name, tree.root / (name + [0x7E]))
    let facts = try path.facts()
    let bytes = try path.read(0..<facts.size)
    // How many lines are other ones, what is done, and what undoes it.
    let steps: [(count: Int, change: () throws -> Void, undo: () throws -> Void)] = [
      (2, { try path.write(bytes.map { ~$0 }) }, { try path.write(bytes) }),
      (4, { try path.append([0x2E]) }, { try path.write(bytes) }),
      (2, { try path.setPermissions(0o444) }, { try path.setPermissions(facts.mode & 0o777) }),
      (4, { try path.rename(to: renamed) }, { try renamed.rename(to: path) }),
      (0, {}, { try path.setModified(facts.seconds + 2) }),
    ]
    for (number, step) in steps.enumerated() {
      try step.change()
      // Not for what a write does to the time.
      if number < 2 { try path.setModified(facts.seconds) }
      let complaints = try listing.complaints(against: tree.root)
      #expect(complaints.count == step.count, "\(number): \(summary(complaints))")
      try step.undo()
      if number < 2 { try path.setModified(facts.seconds) }
    }
    let complaints = try listing.complaints(against: tree.root)
    #expect(complaints.count == 2, "time: \(summary(complaints))")
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
