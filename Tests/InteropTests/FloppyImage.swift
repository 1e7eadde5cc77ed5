import Foundation
import TestSupport

/// What a served FAT disk held: a copy of the disk, one of its filesystem, and
/// the map of its holes.
final class FloppyImage: Sendable {
  /// A part of the disk that is data or a hole, as `nbdinfo --map` tells.
  struct Run: Decodable, Sendable {
    var offset: Int
    var length: Int
    var description: String
  }

  private let directory: TemporaryDirectory

  /// The whole disk, a sparse file.
  let disk: String

  /// The disk's size.
  let size: Int

  /// The filesystem, a sparse file.
  let partition: String

  /// Where on the disk the filesystem begins.
  let offset: Int

  /// What kind of partition table there is; `nil` if there is none.
  let table: String?

  /// What the first sector of the filesystem says.
  let volume: FATVolume

  /// The map of the disk.
  let map: [Run]

  /// Whether holes were read as well, not only taken for zeros.
  let isReadWhole: Bool

  /// Serves a tree and copies the disk.
  convenience init(of tree: RawPath, _ parameters: [String] = []) throws {
    try self.init(serving: ["floppy", "\(tree)"] + parameters)
  }

  /// Serves a disk of any generator and copies it.
  convenience init(serving words: [String]) throws {
    let server = try NbdgenProcess(words)
    try self.init(copying: server.uri)
    try server.stop()
  }

  /// Copies a disk.
  init(copying uri: String) throws {
    directory = try TemporaryDirectory()
    disk = directory("disk")
    let nbdinfo = try Program("nbdinfo")
    let text = try nbdinfo.succeed(["--size", uri]).lines.first
    guard let text, let size = Int(text) else { throw ToolFailure("no size of \(uri)") }
    self.size = size
    map = try JSONDecoder().decode(
      [Run].self,
      from: Data(try nbdinfo.succeed(["--map", "--json", uri]).output)
    )
    isReadWhole = size <= 512 << 20
    let options = isReadWhole ? ["--no-extents"] : []
    try Program("nbdcopy").succeed(options + [uri, disk])

    let found = try Self.findPartition(disk)
    table = found?.table
    offset = found?.range.lowerBound ?? 0
    if let range = found?.range {
      partition = directory("partition")
      let words = ["offset=\(range.lowerBound)", "range=\(range.count)"]
      try Program("nbdkit").succeed(
        ["-U", "-", "--filter=offset", "file", disk] + words
          + ["--run", "nbdcopy $uri \(partition)"]
      )
    } else {
      partition = disk
    }
    volume = try FATVolume(sector: RawPath(partition).read(0..<512))
  }

  /// What `sfdisk -J` says.
  private struct Listing: Decodable {
    var partitiontable: Table

    struct Table: Decodable {
      var label: String
      var sectorsize: Int?
      var partitions: [Partition]?
    }

    struct Partition: Decodable {
      var start: Int
      var size: Int
      var type: String
    }
  }

  /// The disk's only partition, if it has a table.
  private static func findPartition(_ disk: String) throws -> (table: String, range: Range<Int>)? {
    // A file without a table is no error that is told from others.
    let outcome = try Program("sfdisk").run(["-J", disk])
    guard outcome.status == 0 else { return nil }
    let table = try JSONDecoder().decode(Listing.self, from: Data(outcome.output)).partitiontable
    guard let partitions = table.partitions, let first = partitions.first else { return nil }
    guard partitions.count == 1 else { throw ToolFailure("\(partitions.count) partitions") }
    // The type of an EFI system partition, and those of FAT on old disks.
    let types =
      table.label == "gpt"
      ? ["C12A7328-F81F-11D2-BA4B-00A0C93EC93B"] : ["1", "4", "6", "b", "c", "e", "ef"]
    guard types.contains(first.type) else { throw ToolFailure("a partition of type \(first.type)") }
    return (table.label, first.start * 512..<(first.start + first.size) * 512)
  }
}
