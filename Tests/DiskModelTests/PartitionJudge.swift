import DiskModel
import Foundation
import TestSupport
import Testing

extension Tag {
  /// Judged by programs of the host, without which the test fails.
  @Tag static var usesTools: Self
}

/// What `sfdisk -J` says about a disk.
struct PartitionReport: Decodable {
  var label: String
  var id: String
  var sectorsize: Int
  var firstlba: Int?
  var lastlba: Int?
  var partitions: [Partition]

  struct Partition: Decodable {
    var start: Int
    var size: Int
    var type: String
    var bootable: Bool?
    var uuid: String?
    var name: String?
  }

  private struct Output: Decodable {
    var partitiontable: PartitionReport
  }

  /// Has `sfdisk` read a file that is written from the disk, and check it.
  static func judge(_ disk: Disk) throws -> PartitionReport {
    let directory = try TemporaryDirectory()
    let path = directory("disk")
    try writeSparse(disk, to: path)
    let verdict = try runTool("sfdisk", ["--verify", path])
    #expect(verdict.contains("No errors detected."), "\(verdict)")
    let text = try runTool("sfdisk", ["-J", path])
    return try JSONDecoder().decode(Output.self, from: Data(text.utf8)).partitiontable
  }
}

/// Little-endian numbers in the bytes of a table.
extension [UInt8] {
  func number(at offset: Int, size: Int) -> Int {
    self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// CRC-32 of the bytes, bit by bit (UEFI Specification 2.10, section 5.3.2:
  /// polynomial 0x04C11DB7, here reflected).
  var checksum: Int {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in self {
      remainder ^= UInt32(byte)
      for _ in 0..<8 {
        remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
    return Int(~remainder)
  }
}
