import DiskModel
import FileTree
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import LinuxDiskGenerator

/// A local change of a tree is a local change of its disk: copies of disks can be
/// brought up to date piece by piece.
@Suite("Locality", .timeLimit(.minutes(30)))
struct LocalityTests {
  private static let pieceSize = 512 << 10

  /// A tree of 20,000 files in 200 directories.
  private struct Scene {
    let root: RawPath
    private let directory: MemoryDirectory

    init() throws {
      directory = try MemoryDirectory()
      root = RawPath(directory.path) / "root"
      try root.makeDirectory()
      var random = SeededGenerator(seed: 100_000)
      let bytes = random.bytes(80_000)
      for number in 0..<200 {
        let folder = root / "\(number / 10)"
        if number.isMultiple(of: 10) { try folder.makeDirectory() }
        let inner = folder / "\(number % 10)"
        try inner.makeDirectory()
        for _ in 0..<100 {
          let name = String(UInt32.random(in: 0 ... .max, using: &random), radix: 16)
          let size = [0, 100, 1000, 5000, 12_000, 30_000].randomElement(using: &random) ?? 0
          let start = Int.random(in: 0..<bytes.count - size, using: &random)
          try (inner / name).write(Array(bytes[start..<start + size]))
        }
      }
    }

    func disk(_ parameters: [String]) throws -> Disk {
      let generated = try LinuxDisk.build(
        Parameters(["\(root)"] + parameters, for: LinuxDisk.manual),
        in: BuildEnvironment(variables: [:], descriptors: DescriptorCache(capacity: 200))
      )
      return try #require(generated.disk)
    }
  }

  /// How many pieces of two disks differ; one that cannot be read any more is of a file
  /// that changed.
  private func changedCount(_ old: Disk, _ new: Disk) throws -> (changed: Int, all: Int) {
    #expect(old.size == new.size)
    var changed = 0
    var all = 0
    for start in stride(from: 0, to: min(old.size, new.size), by: Self.pieceSize) {
      let range = start..<min(start + Self.pieceSize, old.size, new.size)
      let now = try new.bytes(range)
      if (try? old.bytes(range)) != now { changed += 1 }
      all += 1
    }
    return (changed, all)
  }

  /// Superblock, group descriptors and their backups, bitmaps, a table of inodes, a
  /// directory, and what is moved up to the next gap.
  private static let limit = 14

  @Test("One byte, or one file more, changes few pieces of the disk")
  func change() throws {
    let scene = try Scene()
    let before = try scene.disk(["type=ext4"])
    let folder = scene.root / "3/4"
    let names = try folder.names()
    let victim = try #require(try names.map { folder / $0 }.first { try $0.facts().size > 4000 })
    try victim.write([(2000, [0])], size: victim.facts().size)
    let edited = try scene.disk(["type=ext4"])
    let edit = try changedCount(before, edited)
    #expect(edit.changed > 1 && edit.changed <= Self.limit, "\(edit)")
    #expect(edit.all > 20 * Self.limit)

    let new = scene.root / "8/5/a-new-file"
    try new.write([UInt8](repeating: 7, count: 3000))
    let addition = try changedCount(edited, try scene.disk(["type=ext4"]))
    #expect(addition.changed > 1 && addition.changed <= Self.limit, "\(addition)")
  }

  @Test("A size that leaves no room for gaps is enough all the same")
  func packed() throws {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory("root"))
    try root.makeDirectory()
    for number in 0..<3000 { try (root / "\(number)").write([1]) }
    let build = { (parameters: [String]) in
      try #require(
        try LinuxDisk.build(
          Parameters(["\(root)", "layout=none"] + parameters, for: LinuxDisk.manual),
          in: BuildEnvironment(variables: [:], descriptors: DescriptorCache(capacity: 8))
        ).disk
      )
    }
    let least = try build(["size=min"])
    #expect(try build(["size=\(least.size)"]).size == least.size)
    #expect(throws: GeneratorError.self) { try build(["size=\(least.size - 4096)"]) }
  }
}
