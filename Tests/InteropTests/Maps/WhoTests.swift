import Foundation
import TestSupport
import Testing

/// `nbdgen who` beside what the filesystems' own tools say of the same bytes.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct WhoTests {
  /// Asks for many places at once; of each, the first line counts.
  private static func answers(_ places: [String], _ words: [String]) throws -> [String: MapLine] {
    var answers: [String: MapLine] = [:]
    for line in try MapLine.lines(["who", "--json"] + places + words) {
      if let place = line.place, answers[place] == nil { answers[place] = line }
    }
    return answers
  }

  /// Kinds of bytes that `icheck` has an inode for.
  private static let inodeKinds: Set<String> = [
    "file", "slack", "directory", "symbolic link", "extent tree", "indirect blocks", "journal",
    "extended attributes",
  ]

  @Test("linuxdisk: random blocks belong to the inodes and paths that debugfs names")
  func blocks() throws {
    for seed in 21...28 as ClosedRange<UInt64> {
      let memory = try MemoryDirectory()
      let directory = try TemporaryDirectory()
      let tree = RawPath(memory.path)
      let disk = try SeededDisk(seed: seed, tree: tree, path: directory("disk"))
      let words =
        ["linuxdisk", "\(tree)", "layout=none", "type=\(disk.variant.type)"] + disk.variant.words
      try Self.checkBlocks(of: disk, words)
    }
  }

  private static func checkBlocks(of disk: SeededDisk, _ words: [String]) throws {
    let listing = try Program("dumpe2fs").succeed(["-h", disk.path])
    let field = listing.lines.first { $0.hasPrefix("Block size:") }?.split(separator: " ").last
    let blockSize = try #require(field.flatMap { Int($0) })
    let map = try MapLine.lines(["map", "--json"] + words)
    var random = SeededGenerator(seed: disk.seed)
    // Anywhere on the disk, and in pieces of all kinds.
    var blocks: Set<Int> = []
    let size = map.last?.range.upperBound ?? 0
    for _ in 0..<60 { blocks.insert(random.anyMagnitude(below: size) / blockSize) }
    for line in map where line.kind != "free" && Bool.random(using: &random) {
      blocks.insert(Int.random(in: line.range, using: &random) / blockSize)
    }
    let chosen = blocks.sorted().filter { $0 > 0 }.shuffled(using: &random).prefix(300)
    let debugfs = Debugfs(image: disk.path)
    let inodes = try debugfs.inodes()
    let command = "icheck " + chosen.map { "\($0)" }.joined(separator: " ")
    let found = String(decoding: try debugfs.run([command])[0], as: UTF8.self)
    var owners: [Int: Int] = [:]
    for line in found.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: "\t")
      if fields.count == 2, let block = Int(fields[0]) { owners[block] = Int(fields[1]) ?? 0 }
    }
    #expect(owners.count == chosen.count, "\(disk)")
    let answers = try Self.answers(chosen.map { "\($0 * blockSize)" }, words)
    for block in chosen {
      let answer = try #require(answers["\(block * blockSize)"], "\(disk): block \(block)")
      let owner = owners[block] ?? 0
      if answer.kind == "extended attributes" && answer.note != nil {
        // One of those who share it.
        #expect(owner > 0, "\(disk): block \(block): \(answer)")
        continue
      }
      let expected = inodeKinds.contains(answer.kind) ? answer.inode ?? 0 : 0
      #expect(expected == owner, "\(disk): block \(block): \(answer), but inode \(owner)")
      guard let path = answer.rawPath, path.bytes != Array("lost+found".utf8) else { continue }
      let inode = path.bytes.isEmpty ? 2 : inodes[path]
      #expect(inode == answer.inode, "\(disk): block \(block): \(answer)")
    }
    #expect(answers.values.contains { $0.kind == "file" || $0.kind == "directory" })
  }

  @Test("linuxdisk: ncheck has the same names for inodes, imap the same places")
  func inodes() throws {
    let tree = try ClientDisk.tree()
    let image = try PartitionImage(of: tree, ["type=ext4"])
    let start = 1 << 20
    let words = ["linuxdisk", "\(tree)", "type=ext4"]
    let debugfs = Debugfs(image: image.partition)
    let numbers = Array(Set(try debugfs.inodes().values)).sorted().prefix(60)
    let maps = try debugfs.run(numbers.map { "imap <\($0)>" })
    var places: [Int: String] = [:]
    for (number, map) in zip(numbers, maps) {
      let text = String(decoding: map, as: UTF8.self)
      let match = try #require(text.firstMatch(of: /located at block (\d+), offset 0x([0-9a-f]+)/))
      let offset = try #require(Int(match.2, radix: 16))
      places[number] = "\(start + (Int(match.1) ?? 0) * 4096 + offset + number % 128)"
    }
    let answers = try Self.answers(Array(places.values), words)
    let command = "ncheck " + numbers.map { "\($0)" }.joined(separator: " ")
    let listing = try debugfs.run([command])[0].split(separator: 10).dropFirst()
    var names: [Int: Set<Data>] = [:]
    for line in listing {
      guard let tab = line.firstIndex(of: 9) else { continue }
      let number = try #require(Int(String(decoding: line[..<tab], as: UTF8.self)))
      // It writes two slashes where a path is that of a name in the root.
      let path = line[(tab + 1)...].drop { $0 == 0x2F }
      names[number, default: []].insert(Data([0x2F] + path))
    }
    for (number, place) in places {
      let answer = try #require(answers[place])
      #expect(answer.kind == "inode" && answer.inode == number, "\(answer)")
      let path = Data([0x2F] + (try #require(answer.rawPath).bytes))
      // A name with a newline has several lines.
      guard !path.contains(10) else { continue }
      #expect(names[number]?.contains(path) == true, "\(answer)")
    }
  }

  @Test(
    "linuxdisk: structures are where dumpe2fs says",
    arguments: [
      Variant(.ext2, "size=1G"), Variant(.ext3, "block-size=1024", "size=300M"),
      Variant(.ext4, "features=metadata_csum,64bit", "size=20G"),
      Variant(.ext4, "features=^flex_bg,^sparse_super", "size=2G", "block-size=2048"),
    ]
  )
  func structures(_ variant: Variant) throws {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    try (tree / "file").write([1, 2, 3])
    try variant.copy(tree, to: directory("disk"))
    let words = ["linuxdisk", "\(tree)", "layout=none", "type=\(variant.type)"] + variant.words
    let listing = try Program("dumpe2fs").succeed([directory("disk")], timeout: 60)
    let field = listing.lines.first { $0.hasPrefix("Block size:") }?.split(separator: " ").last
    let blockSize = try #require(field.flatMap { Int($0) })
    var expected: [Int: (kind: String, group: Int)] = [:]
    var group = 0
    let titles = [
      "Primary superblock": "superblock", "Backup superblock": "backup superblock",
      "Block bitmap": "block bitmap", "Inode bitmap": "inode bitmap",
      "Inode table": "inode table", "Group descriptors": "group descriptors",
    ]
    for line in listing.lines {
      if let match = line.firstMatch(of: /^Group (\d+):/) { group = Int(match.1) ?? 0 }
      guard line.hasPrefix("  ") else { continue }
      for part in line.split(separator: ",") {
        for (title, kind) in titles {
          let text = part.drop { $0 == " " }
          guard text.hasPrefix(title + " at "),
            let block = Int(text.dropFirst(title.count + 4).prefix { $0.isNumber })
          else { continue }
          let isBackup = kind == "group descriptors" && group > 0
          expected[block] = (isBackup ? "backup group descriptors" : kind, group)
        }
      }
    }
    #expect(expected.count > 20)
    func place(_ block: Int) -> String { "\(max(block * blockSize, 1024))" }
    let answers = try Self.answers(expected.keys.map(place), words)
    for (block, (kind, group)) in expected {
      let answer = try #require(answers[place(block)])
      let found = answer.kind == "inode" ? "inode table" : answer.kind
      #expect(found == kind, "block \(block): \(answer)")
      let isFirst = kind == "superblock" || kind == "group descriptors"
      #expect(answer.group == (isFirst ? nil : group), "block \(block): \(answer)")
    }
  }

  @Test(
    "floppy: clusters belong to the files that mtools name",
    arguments: FATVolume.Width.allCases
  )
  func clusters(_ width: FATVolume.Width) throws {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    try (tree / "folder").makeDirectory()
    var names: [String] = []
    for number in 0..<40 {
      let name = number % 2 == 0 ? "file\(number)" : "folder/A longer name \(number).text"
      try (tree / name).write([UInt8](repeating: 5, count: number * 777))
      if number > 0 { names.append(name) }
    }
    let words = ["floppy", "\(tree)", "type=\(width)", "cluster=1024"]
    let image = try FloppyImage(serving: words)
    let volume = image.volume
    let dataStart = image.offset + volume.rootOffset + volume.rootSlots * 32
    var clusters: [Int: String] = [:]
    for name in names {
      let outcome = try Program("mshowfat").succeed(["-i", image.partition, "::/\(name)"])
      for match in outcome.text.matches(of: /<(\d+)(?:-(\d+))?>/) {
        let first = try #require(Int(match.1))
        let last = match.2.flatMap { Int($0) } ?? first
        for cluster in first...last { clusters[cluster] = "/\(name)" }
      }
    }
    #expect(clusters.count > 500)
    func place(_ cluster: Int) -> String { "\(dataStart + (cluster - 2) * 1024)" }
    let answers = try Self.answers(clusters.keys.map(place), words)
    for (cluster, path) in clusters {
      let answer = answers[place(cluster)]
      #expect(answer?.kind == "file" && answer?.path == path, "cluster \(cluster): \(path)")
      #expect(answer?.note == "cluster \(cluster)")
    }
    // The entries of both tables say the same.
    let bits = width.bits
    let tableSize = (volume.rootOffset - volume.reservedSectors * 512) / 2
    for copy in 0..<2 {
      let table = image.offset + volume.reservedSectors * 512 + copy * tableSize
      let entries = clusters.keys.sorted().prefix(50)
      // An odd entry of 12 bits begins in the middle of a byte.
      func place(_ cluster: Int) -> String { "\(table + (cluster * bits + 7) / 8)" }
      let answers = try Self.answers(entries.map(place), words)
      for cluster in entries {
        #expect(answers[place(cluster)]?.path == clusters[cluster], "entry \(cluster)")
      }
    }
  }
}
