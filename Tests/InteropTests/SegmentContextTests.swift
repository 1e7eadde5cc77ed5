import Foundation
import TestSupport
import Testing

/// What `nbdgen:segment` says of filesystems, beside what their own tools say.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct SegmentContextTests {
  /// Numbers of the context, as documented.
  private enum Number {
    static let metadata: UInt32 = 1
    static let fileData: UInt32 = 2
    static let free: UInt32 = 3
    static let slack: UInt32 = 4
  }

  /// What a disk's ranges are for, as a client is told.
  private static func runs(
    _ words: [String]
  ) throws -> [(range: Range<Int>, number: UInt32)] {
    let server = try NbdgenProcess(words)
    let outcome = try Program("nbdinfo")
      .succeed(["--map=nbdgen:segment", "--json", server.uri], timeout: 60)
    try server.stop()
    struct Entry: Decodable {
      var offset: Int
      var length: Int
      var type: UInt32
    }
    return try JSONDecoder().decode([Entry].self, from: Data(outcome.output))
      .map { ($0.offset..<$0.offset + $0.length, $0.type) }
  }

  /// The blocks of 4 KiB behind `start` that hold anything of a number.
  private static func blocks(
    _ runs: [(range: Range<Int>, number: UInt32)],
    _ number: UInt32,
    from start: Int
  ) -> IndexSet {
    var blocks = IndexSet()
    for run in runs where run.number == number && run.range.lowerBound >= start {
      let range = run.range
      blocks.insert(
        integersIn: (range.lowerBound - start) / 4096..<(range.upperBound - start + 4095) / 4096
      )
    }
    return blocks
  }

  @Test(
    "linuxdisk: free blocks, and those of files, are the ones that e2fsprogs names",
    arguments: FilesystemType.allCases
  )
  func linuxdisk(_ type: FilesystemType) throws {
    let tree = try ClientDisk.tree()
    let runs = try Self.runs(["linuxdisk", "\(tree)", "type=\(type)"])
    let image = try PartitionImage(of: tree, ["type=\(type)"])
    let start = 1 << 20
    #expect(runs.first?.number == Number.metadata, "the partition table")

    let free = Self.blocks(runs, Number.free, from: start)
    let listing = try Program("dumpe2fs").succeed([image.partition], timeout: 60)
    var expected = IndexSet()
    for line in listing.lines {
      // "  Free blocks: 12-34, 56", one line for each group.
      guard line.hasPrefix("  Free blocks: ") else { continue }
      for part in line.dropFirst(15).split(separator: ", ") {
        let bounds = part.split(separator: "-").compactMap { Int($0) }
        guard let first = bounds.first, let last = bounds.last else { continue }
        expected.insert(integersIn: first...last)
      }
    }
    #expect(!expected.isEmpty)
    #expect(free == expected, "free blocks differ")

    let debugfs = Debugfs(image: image.partition)
    let files = try tree.everythingBelow().filter { $0.facts.isRegular }.map(\.path)
    let inodes = try debugfs.inodes()
    let numbers = Set(files.compactMap { inodes[$0] }).sorted()
    let dumps = try debugfs.run(numbers.map { "blocks <\($0)>" })
    var data = IndexSet()
    for dump in dumps {
      for word in String(decoding: dump, as: UTF8.self).split(whereSeparator: \.isWhitespace) {
        if let block = Int(word) { data.insert(block) }
      }
    }
    let told = Self.blocks(runs, Number.fileData, from: start)
    // debugfs counts the blocks of a file's map, which here are metadata; and the
    // targets of long symbolic links are data here.
    let maps = data.subtracting(told)
    #expect(maps.isSubset(of: Self.blocks(runs, Number.metadata, from: start)))
    #expect(maps.count < data.count / 10 + 100)
    let slack = runs.filter { $0.number == Number.slack }
    #expect(!slack.isEmpty && slack.allSatisfy { $0.range.count < 4096 })
    #expect(slack.allSatisfy { ($0.range.upperBound - start) % 4096 == 0 })
  }

  @Test(
    "floppy: clusters are what the allocation table says they are",
    arguments: ["fat12", "fat16", "fat32"]
  )
  func floppy(_ type: String) throws {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    for index in 0..<40 {
      let content = [UInt8](repeating: UInt8(index), count: index * 377)
      try (tree / "file\(index)").write(content)
    }
    let words = ["floppy", "\(tree)", "type=\(type)", "layout=none", "cluster=1024"]
    let runs = try Self.runs(words)
    let total = (0..<40).reduce(0) { $0 + $1 * 377 }
    let sectors = (0..<40).reduce(0) { $0 + ($1 * 377 + 511) / 512 * 512 }
    let clusters = (0..<40).reduce(0) { $0 + ($1 * 377 + 1023) / 1024 * 1024 }
    func size(_ number: UInt32) -> Int {
      runs.reduce(0) { $0 + ($1.number == number ? $1.range.count : 0) }
    }
    #expect(size(Number.fileData) == sectors && sectors > total)
    #expect(size(Number.slack) == clusters - sectors)
    let volume = try FloppyImage(serving: words).volume
    let metadata = size(Number.metadata)
    let rootClusters = type == "fat32" ? 2048...2048 * 2 : 0...0
    let start = volume.rootOffset + volume.rootSlots * 32
    #expect(rootClusters.contains(metadata - start))
    #expect(size(Number.free) == volume.sectorCount * 512 - metadata - clusters)
  }
}
