import DiskModel
import TestSupport
import Testing

struct MasterBootRecordTests {
  @Test func fieldsAreWhereTheSpecificationPutsThem() {
    let table = MasterBootRecord(
      diskSignature: 0x1234_5678,
      partitions: [
        .init(isBootable: true, type: 0x0C, firstSector: 0x0102_0304, sectorCount: 0x0506_0708),
        .init(type: 0x83, firstSector: 1, sectorCount: .max),
      ]
    )
    let bytes = table.encode()
    #expect(bytes.count == 512)
    #expect(bytes[..<440].allSatisfy { $0 == 0 })
    #expect(bytes[440..<444] == [0x78, 0x56, 0x34, 0x12])
    #expect(bytes[444..<446] == [0, 0])
    #expect(bytes[446] == 0x80)
    #expect(bytes[450] == 0x0C)
    #expect(bytes[454..<462] == [4, 3, 2, 1, 8, 7, 6, 5])
    #expect(bytes[462] == 0)
    #expect(bytes[466] == 0x83)
    #expect(bytes[470..<478] == [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(bytes[478..<510].allSatisfy { $0 == 0 })
    #expect(bytes[510...] == [0x55, 0xAA])
  }

  @Test func allFourEntriesAreUsed() {
    let partitions = (1...4).map {
      MasterBootRecord.Partition(type: UInt8($0), firstSector: UInt32($0), sectorCount: 1)
    }
    let bytes = MasterBootRecord(diskSignature: 0, partitions: partitions).encode()
    #expect([450, 466, 482, 498].map { bytes[$0] } == [1, 2, 3, 4])
    #expect(bytes[510...] == [0x55, 0xAA])
  }

  @Test(arguments: [1, 511, 512, 513, 100_000])
  func aPartitionEndsAtASector(size: Int) throws {
    let content = Disk(PatternSource.bytes(0..<size))
    let disk = try content.partitioned(masterBootRecordType: 0x83, diskSignature: 1)
    let sectorCount = (size + 511) / 512
    #expect(disk.size == 1 << 20 + sectorCount * 512)
    let start = 1 << 20
    #expect(try disk.bytes(start..<start + size) == PatternSource.bytes(0..<size))
    #expect(try disk.bytes(454..<462).number(at: 4, size: 4) == sectorCount)
    #expect(disk.extents(in: 512..<start) == [Extent(512..<start, .hole)])
    try checkConformance(of: disk, seed: UInt64(size))
  }

  @Test func twoTebibytesAreTooMany() throws {
    let limit = Int(UInt32.max) * 512
    let error = PartitionError.tooLarge(limit: limit)
    for size in [limit + 1, 1 << 41, Int.max] {
      #expect(throws: error) {
        try Disk(zeros: .hole, size: size)
          .partitioned(masterBootRecordType: 0x83, diskSignature: 1)
      }
    }
    let largest = try Disk(zeros: .hole, size: limit)
      .partitioned(masterBootRecordType: 0x83, diskSignature: 1)
    #expect(largest.size == limit + 1 << 20)
  }

  @Test func anEmptyDiskIsNoPartition() {
    #expect(throws: PartitionError.self) {
      try Disk().partitioned(masterBootRecordType: 0x83, diskSignature: 1)
    }
  }
}

@Suite(.tags(.usesTools), .timeLimit(.minutes(30)))
struct MasterBootRecordJudgedTests {
  @Test(arguments: [1, 1 << 20, 5_000_001, 1 << 40])
  func sfdiskReadsTheTable(size: Int) throws {
    let disk = try Disk(zeros: .hole, size: size)
      .partitioned(masterBootRecordType: 0x0C, isBootable: true, diskSignature: 0xDEAD_BEEF)
    let report = try PartitionReport.judge(disk)
    #expect(report.label == "dos")
    #expect(report.id == "0xdeadbeef")
    #expect(report.partitions.count == 1)
    let partition = try #require(report.partitions.first)
    #expect(partition.start == 2048)
    #expect(partition.size == (size + 511) / 512)
    #expect(partition.type == "c")
    #expect(partition.bootable == true)
  }

  @Test func sfdiskReadsTheLargestPartition() throws {
    let disk = try Disk(zeros: .hole, size: Int(UInt32.max) * 512)
      .partitioned(masterBootRecordType: 0x83, diskSignature: 1)
    let report = try PartitionReport.judge(disk)
    #expect(report.partitions.map(\.size) == [Int(UInt32.max)])
    #expect(report.partitions.map(\.type) == ["83"])
  }
}
