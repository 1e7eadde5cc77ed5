import Foundation
import TestSupport
import Testing

/// How large the filesystem is, and what else parameters say of it.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct SizeTests {
  /// About 3 MiB in 40 files.
  private static let tree = Result {
    let root = RawPath(try TemporaryDirectory.shared().path)
    var random = SeededGenerator(seed: 40)
    for number in 0..<40 {
      try (root / "\(number)").write(random.bytes(Int.random(in: 0...150_000, using: &random)))
    }
    return root
  }

  @Test(
    "The partition is as large as was asked for",
    arguments: [
      "4M", "5000000", "4194305", "10485759", "16M", "128M", "135266304", "1G", "3000000001",
      "100G",
    ]
  )
  func exactSize(_ text: String) throws {
    let image = try PartitionImage(of: Self.tree.get(), ["size=\(text)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let units = ["M": 1 << 20, "G": 1 << 30]
    let unit = units[text.suffix(1).description]
    let size = (Int(unit == nil ? text : String(text.dropLast())) ?? 0) * (unit ?? 1)
    let partition = try PartitionTable(of: image.disk).onlyPartition()
    #expect(partition.size == (size + 511) / 512)
    let blocks = Int(try image.superblock()["Block count"] ?? "") ?? 0
    #expect((blocks * 4096...(blocks + 60_000) * 4096).contains(size), "\(blocks) blocks")
  }

  @Test("Room is added to what the tree needs", arguments: [1 << 20, 100 << 20, 10 << 30])
  func extraRoom(_ extra: Int) throws {
    let image = try PartitionImage(of: Self.tree.get(), ["size=+\(extra)", "type=ext4"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let free = Int(try image.superblock()["Free blocks"] ?? "") ?? 0
    #expect(free * 4096 >= extra)
    #expect(free * 4096 <= extra + extra / 20 + 8 << 20)
  }

  @Test("Every size below the smallest is refused", arguments: FilesystemType.allCases)
  func smallestSize(_ type: FilesystemType) throws {
    let suggested = try #require(try Self.refusal("size=4096", type))
    #expect(try Self.refusal("size=\(suggested)", type) == nil, "size=\(suggested) is not enough")

    // In blocks: the first does not work, the second does.
    var (low, high) = (1, suggested / 4096)
    while high - low > 1 {
      let middle = (low + high) / 2
      let isEnough = try Self.refusal("size=\(middle * 4096)", type) == nil
      if isEnough { high = middle } else { low = middle }
    }
    let image = try PartitionImage(of: Self.tree.get(), ["size=\(high * 4096)", "type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let fields = try image.superblock()
    #expect(fields["Block count"] == "\(high)")
    let advice = try #require(try Self.refusal("size=\(high * 4096 - 4096)", type))
    #expect(advice >= high * 4096)
    #expect(advice < high * 4096 + 2 << 20, "\(advice) is enough, but so is \(high * 4096)")
  }

  /// Tries a size.
  ///
  /// - Returns: What the error says is enough; `nil` if there is no error.
  private static func refusal(_ parameter: String, _ type: FilesystemType) throws -> Int? {
    let words = ["-U", "-", "linuxdisk", "\(try tree.get())", parameter, "type=\(type)"]
    let outcome = try Program.nbdgen().run(words + ["--run", "true"])
    if outcome.status == 0 { return nil }
    #expect(outcome.status == 2)
    #expect(outcome.errorLines.count == 1)
    let line = outcome.errorLines.first ?? ""
    #expect(line.hasPrefix("nbdgen: linuxdisk: \(parameter): too small for the tree; size="))
    let pattern = /size=([0-9]+)(M?) is enough$/
    let match = try #require(try pattern.firstMatch(in: line), "\(line)")
    return (Int(match.1) ?? 0) << (match.2.isEmpty ? 0 : 20)
  }

  @Test("The label is the filesystem's", arguments: FilesystemType.allCases)
  func label(_ type: FilesystemType) throws {
    for label in ["", "root", "sixteen bytes ok", "caf\u{E9} \u{1F427}"] {
      let parameters = ["label=\(label)", "type=\(type)"]
      let image = try PartitionImage(of: Self.tree.get(), parameters)
      let words = ["-p", "-s", "LABEL", "-s", "TYPE", "-o", "value", image.partition]
      let found = try Program("blkid").succeed(words).lines
      #expect(found == (label.isEmpty ? [] : [label]) + [type.rawValue])
      let name = try image.superblock()["Filesystem volume name"]
      #expect(name == (label.isEmpty ? "<none>" : label))
    }
  }

  @Test("size=min is as small as can be", arguments: FilesystemType.allCases)
  func minimalSize(_ type: FilesystemType) throws {
    let tree = try Self.tree.get()
    let image = try PartitionImage(of: tree, ["size=min", "type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let blocks = try #require(Int(try image.superblock()["Block count"] ?? ""))
    #expect(try Self.refusal("size=\(blocks * 4096)", type) == nil)
    #expect(try Self.refusal("size=\((blocks - 1) * 4096)", type) != nil)
  }

  @Test(
    "There are as many inodes to spare as was asked for",
    arguments: ["", "size=1G", "size=min"]
  )
  func spareInodes(size: String) throws {
    let parameters = ["inodes=+70000", "type=ext4"] + (size.isEmpty ? [] : [size])
    let image = try PartitionImage(of: Self.tree.get(), parameters)
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let free = try #require(Int(try image.superblock()["Free inodes"] ?? ""))
    #expect((70_000...70_000 + 5000).contains(free))
  }

  @Test("A disk without a table is the filesystem, with the UUID that was chosen")
  func noTable() throws {
    let uuid = "6d0a9c3e-6c3f-4b60-9b6f-0a6c5d2b7f11"
    let directory = try TemporaryDirectory()
    let server = try NbdgenProcess(
      ["linuxdisk", "\(try Self.tree.get())", "layout=none", "uuid=\(uuid.uppercased())"]
    )
    try Program("nbdcopy").succeed([server.uri, directory("disk")])
    try server.stop()
    let verdict = try Program("e2fsck").run(["-fn", directory("disk")])
    #expect(verdict.status == 0, "\(verdict)")
    let fields = try Program("dumpe2fs").succeed(["-h", directory("disk")]).lines
    #expect(fields.contains { $0.hasPrefix("Filesystem UUID:") && $0.hasSuffix(uuid) })
  }

  @Test(
    "A GUID partition table has one Linux partition, of more than 2 TiB if need be",
    arguments: ["64M", "3T"]
  )
  func guidTable(size: String) throws {
    let parameters = ["layout=gpt", "size=\(size)", "type=ext4"]
    let image = try PartitionImage(of: Self.tree.get(), parameters)
    let table = try PartitionTable(of: image.disk)
    #expect(table.label == "gpt")
    let partition = try table.onlyPartition()
    #expect(partition.type == "0FC63DAF-8483-4772-8E79-3D69D8477DE4" && partition.start == 2048)
    #expect(partition.size == (size == "3T" ? 3 << 31 : 64 << 11))
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }

  @Test("The partition table has one Linux partition at 1 MiB", arguments: FilesystemType.allCases)
  func partitionTable(_ type: FilesystemType) throws {
    let image = try PartitionImage(of: Self.tree.get(), ["type=\(type)"])
    let table = try PartitionTable(of: image.disk)
    #expect(table.label == "dos")
    let partition = try table.onlyPartition()
    #expect(partition.type == "83")
    #expect(partition.start == 2048)
    #expect((partition.start + partition.size) * 512 == (try RawPath(image.disk).facts().size))
  }
}

/// What `sfdisk -J` says of a disk.
private struct PartitionTable: Decodable {
  var label: String
  var partitions: [Partition]

  struct Partition: Decodable {
    var start: Int
    var size: Int
    var type: String
  }

  private struct Output: Decodable {
    var partitiontable: PartitionTable
  }

  init(of disk: String) throws {
    let verdict = try Program("sfdisk").succeed(["--verify", disk])
    #expect(verdict.text.contains("No errors detected"), "\(verdict)")
    let output = try Program("sfdisk").succeed(["-J", disk]).output
    self = try JSONDecoder().decode(Output.self, from: Data(output)).partitiontable
  }

  func onlyPartition() throws -> Partition {
    #expect(partitions.count == 1)
    return try #require(partitions.first)
  }
}
