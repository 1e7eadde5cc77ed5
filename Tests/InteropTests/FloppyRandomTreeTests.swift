import Foundation
import TestSupport
import Testing

/// Random trees on FAT filesystems of all types, judged by `fsck.fat`,
/// mtools and a Linux kernel.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppyRandomTreeTests {
  /// How many trees: 300 before a release.
  nonisolated static let count =
    Int(ProcessInfo.processInfo.environment["NBDGEN_FLOPPY_COUNT"] ?? "") ?? 40

  /// The numbers of the trees, in as many parts as there are guests to boot.
  nonisolated static let batches = stride(from: 0, to: count, by: FloppyGuest.diskLimit).map {
    $0..<min($0 + FloppyGuest.diskLimit, count)
  }

  /// The copy of a disk that was made from a tree.
  private struct Disk {
    let number: Int
    let tree: FloppyTree
    let plan: FloppyPlan
    let image: FloppyImage

    /// Makes the tree, serves it, and copies the disk.
    init(_ number: Int) throws {
      self.number = number
      tree = try FloppyTree(seed: UInt64(number))
      plan = FloppyPlan(number, for: try FloppyExpectation(of: tree.root))
      image = try FloppyImage(of: tree.root, plan.parameters)
    }

    /// Fails the test if there are any, and says with which tree.
    func expectNone(_ complaints: [String]) {
      #expect(complaints.isEmpty, "seed \(number), \(plan.parameters): \(summary(complaints))")
    }
  }

  @Test("Random trees are on clean filesystems, and all of them", arguments: batches)
  func trees(_ numbers: Range<Int>) throws {
    var disks: [Disk] = []
    for number in numbers {
      do {
        let disk = try Disk(number)
        disk.expectNone(
          try disk.plan.complaints(about: disk.image)
            + disk.image.complaints(comparedWith: disk.tree.root)
        )
        disks.append(disk)
      } catch { Issue.record("seed \(number): \(error)") }
    }
    // What a kernel sees on the same copies.
    let names = disks.enumerated().map {
      FloppyGuest.name($0.offset, isPartition: $0.element.image.table != nil)
    }
    let outcome = try FloppyGuest.boot(disks.map(\.image.disk), listing: names)
    let failures = FloppyGuest.complaints(about: outcome)
    #expect(failures.isEmpty, "seeds \(disks.map(\.number)), \(names): \(summary(failures))")
    for (name, disk) in zip(names, disks) {
      do {
        disk.expectNone(try FloppyListing(name, of: outcome).complaints(against: disk.tree.root))
      } catch { Issue.record("seed \(disk.number): \(error)") }
    }
  }

  @Test("10,000 files in a directory are all there", arguments: FATVolume.Width.allCases)
  func wideDirectory(_ width: FATVolume.Width) throws {
    let root = try Self.wideTree.get()
    let image = try FloppyImage(of: root, ["type=\(width)"])
    #expect(image.volume.width == width)
    let complaints = try image.complaints(comparedWith: root)
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }

  /// Names of which many have the same beginning, few of them with content.
  private static let wideTree = Result {
    let root = try MemoryDirectory.shared()
    let folder = root / "wide"
    try folder.makeDirectory()
    for number in 0..<10_000 {
      let name = number % 3 == 0 ? "f\(number).txt" : "a longer name \(number)"
      try (folder / name).write(number % 100 == 0 ? Array("\(number)".utf8) : [])
    }
    return root
  }

  @Test("An empty tree is on a clean filesystem", arguments: FATVolume.Width.allCases)
  func empty(_ width: FATVolume.Width) throws {
    let directory = try TemporaryDirectory()
    for words in [[], ["layout=none"], ["layout=gpt"], ["size=+1"], ["label=nothing here"]] {
      let wanted = words == ["label=nothing here"] ? ["label=nothing"] : words
      let image = try FloppyImage(of: RawPath(directory.path), ["type=\(width)"] + wanted)
      #expect(image.volume.width == width)
      let complaints = try image.complaints(comparedWith: RawPath(directory.path))
      #expect(complaints.isEmpty, "\(wanted): \(summary(complaints))")
    }
  }

  @Test(
    "A disk of the size of a floppy is one",
    arguments: [160, 180, 320, 360, 720, 1200, 1440, 2880]
  )
  func floppyFormat(_ kilobytes: Int) throws {
    let tree = try FloppyTree(seed: UInt64(kilobytes), isSmall: true)
    let image = try FloppyImage(of: tree.root, ["size=\(kilobytes)K"])
    #expect(image.size == kilobytes << 10)
    #expect(image.table == nil)
    #expect(image.volume.width == .fat12)
    // What mtools make of it, which know all of the formats.
    let directory = try TemporaryDirectory()
    let path = directory("reference")
    try Program("mformat").succeed(["-C", "-i", path, "-f", "\(kilobytes)", "::"])
    let (sector, reference) = (try RawPath(image.disk).read(0..<36), try RawPath(path).read(0..<36))
    // Sizes, medium, sectors per track, heads.
    #expect(sector[11..<28] == reference[11..<28])
    let complaints = try image.complaints(comparedWith: tree.root)
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }
}
