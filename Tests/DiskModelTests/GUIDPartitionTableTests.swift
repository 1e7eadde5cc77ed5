import DiskModel
import TestSupport
import Testing

private let diskGUID = GUID(bytes: Array(0x10...0x1F))
private let partitionGUID = GUID(bytes: Array(0xA0...0xAF))

extension Disk {
  fileprivate func partitioned(name: String = "root") throws(PartitionError) -> Disk {
    try partitioned(
      guidType: .linuxFilesystem,
      diskGUID: diskGUID,
      identifier: partitionGUID,
      name: name
    )
  }
}

struct GUIDPartitionTableTests {
  @Test func theCopiesDifferOnlyInWhereTheyAre() throws {
    let disk = try Disk(PatternSource.bytes(0..<10_000)).partitioned()
    let sectorCount = disk.size / 512
    #expect(disk.size == 1 << 20 + 20 * 512 + 33 * 512)
    let first = try disk.bytes(512..<1024)
    let last = try disk.bytes(disk.size - 512..<disk.size)
    for (header, sector, alternate, entries) in [
      (first, 1, sectorCount - 1, 2), (last, sectorCount - 1, 1, sectorCount - 33),
    ] {
      #expect(header[0..<8] == [0x45, 0x46, 0x49, 0x20, 0x50, 0x41, 0x52, 0x54])
      #expect(header[8..<16] == [0, 0, 1, 0, 92, 0, 0, 0])
      #expect(header.number(at: 24, size: 8) == sector)
      #expect(header.number(at: 32, size: 8) == alternate)
      #expect(header.number(at: 40, size: 8) == 34)
      #expect(header.number(at: 48, size: 8) == sectorCount - 34)
      #expect(header.number(at: 72, size: 8) == entries)
      #expect(header.number(at: 80, size: 4) == 128)
      #expect(header.number(at: 84, size: 4) == 128)
      #expect(header[92...].allSatisfy { $0 == 0 })

      var unsigned = Array(header[..<92])
      unsigned.replaceSubrange(16..<20, with: [0, 0, 0, 0])
      #expect(header.number(at: 16, size: 4) == unsigned.checksum)
      let table = try disk.bytes(entries * 512..<(entries + 32) * 512)
      #expect(header.number(at: 88, size: 4) == table.checksum)
      #expect(table.number(at: 32, size: 8) == 2048)
      #expect(table.number(at: 40, size: 8) == 2067)
      #expect(table[128...].allSatisfy { $0 == 0 })
    }
    #expect(try disk.bytes(1 << 20..<1 << 20 + 10_000) == PatternSource.bytes(0..<10_000))
    try checkConformance(of: disk, seed: 1)
  }

  @Test func theChecksumOfTheTestsIsTheCommonOne() {
    #expect(Array("123456789".utf8).checksum == 0xCBF4_3926)
  }

  /// UEFI Specification 2.10, section 5.2.3.
  @Test(arguments: [1, 1 << 20, 1 << 42])
  func theProtectiveRecordCoversTheDisk(size: Int) throws {
    let disk = try Disk(zeros: .hole, size: size).partitioned()
    let record = try disk.bytes(0..<512)
    #expect(record[440..<444] == [0, 0, 0, 0])
    #expect(record[446] == 0)
    #expect(record[447..<450] == [0, 2, 0], "StartingCHS is cylinder 0, head 0, sector 2")
    #expect(record[450] == 0xEE)
    #expect(record.number(at: 454, size: 4) == 1)
    #expect(record.number(at: 458, size: 4) == min(disk.size / 512 - 1, 0xFFFF_FFFF))
    #expect(record[462..<510].allSatisfy { $0 == 0 })
    #expect(record[510...] == [0x55, 0xAA])
  }

  @Test func namesAreUTF16AndCut() throws {
    let entry = try Disk([1]).partitioned(name: "é😀").bytes(1024..<1152)
    #expect(entry[56..<64] == [0xE9, 0, 0x3D, 0xD8, 0x00, 0xDE, 0, 0])
    let long = try Disk([1]).partitioned(name: String(repeating: "x", count: 50))
    let bytes = try long.bytes(1024..<1280)
    #expect(bytes[56..<128] == Array([[UInt8]](repeating: [0x78, 0], count: 36).joined())[...])
    #expect(bytes[128...].allSatisfy { $0 == 0 })
  }

  /// Half of a character outside of the basic plane is no text.
  @Test func aNameIsNotCutInsideOfACharacter() throws {
    let name = String(repeating: "x", count: 35) + "😀"
    let entry = try Disk([1]).partitioned(name: name).bytes(1024..<1152)
    #expect(entry[126..<128] == [0, 0])
  }

  @Test func sizesHaveALimit() throws {
    #expect(throws: PartitionError.self) { try Disk().partitioned() }
    #expect(throws: PartitionError.self) { try Disk(zeros: .hole, size: .max).partitioned() }
    let limit = Int.max - 2 << 20
    #expect(throws: PartitionError.tooLarge(limit: limit)) {
      try Disk(zeros: .hole, size: limit + 1).partitioned()
    }
    let disk = try Disk(zeros: .hole, size: limit).partitioned()
    #expect(disk.size % 512 == 0)
    try checkConformance(of: disk, seed: 2)
  }
}

@Suite(.tags(.usesTools), .timeLimit(.minutes(30)))
struct GUIDPartitionTableJudgedTests {
  @Test(arguments: [1, 1 << 20, 5_000_001, 3 << 40])
  func sfdiskReadsTheTable(size: Int) throws {
    let report = try PartitionReport.judge(Disk(zeros: .hole, size: size).partitioned(name: "a b"))
    #expect(report.label == "gpt")
    #expect(report.id == diskGUID.description)
    #expect(report.firstlba == 34)
    #expect(report.lastlba == 2047 + (size + 511) / 512)
    #expect(report.partitions.count == 1)
    let partition = try #require(report.partitions.first)
    #expect(partition.start == 2048)
    #expect(partition.size == (size + 511) / 512)
    #expect(partition.type == "0FC63DAF-8483-4772-8E79-3D69D8477DE4")
    #expect(partition.uuid == partitionGUID.description)
    #expect(partition.name == "a b")
  }

  /// The copy at the end of the disk is good enough to repair the first.
  @Test func sfdiskReadsTheSecondCopy() throws {
    let disk = try Disk(zeros: .hole, size: 1 << 20).partitioned()
    let damaged = try Disk.concatenate([
      disk.slice(0..<512), Disk(zeros: .hole, size: 512), disk.slice(1024..<disk.size),
    ])
    let directory = try TemporaryDirectory()
    try writeSparse(damaged, to: directory("disk"))
    let text = try runTool("sfdisk", ["-J", directory("disk")])
    #expect(text.contains(partitionGUID.description))
  }
}

struct GUIDTests {
  @Test func textAndBytesAreInTheSameOrder() {
    #expect(GUID.linuxFilesystem.description == "0FC63DAF-8483-4772-8E79-3D69D8477DE4")
    #expect(diskGUID.description == "10111213-1415-1617-1819-1A1B1C1D1E1F")
  }

  @Test func disksHaveTheFirstFieldsReversed() throws {
    let entry = try Disk([1]).partitioned().bytes(1024..<1056)
    #expect(
      entry[..<16] == [
        0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D,
        0xE4,
      ]
    )
    #expect(
      entry[16...] == [
        0xA3, 0xA2, 0xA1, 0xA0, 0xA5, 0xA4, 0xA7, 0xA6, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE,
        0xAF,
      ]
    )
  }
}
