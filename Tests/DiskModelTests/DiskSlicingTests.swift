import DiskModel
import TestSupport
import Testing

struct DiskSlicingTests {
  @Test func aSliceCutsItsFirstAndLastSegment() throws {
    var disk = Disk([1, 2, 3, 4])
    try disk.append(.zeros(.written), count: 4)
    try disk.append(.source(PatternSource(), offset: 100), count: 4)
    let slice = disk.slice(2..<10)
    #expect(slice.segmentCount == 3)
    let bytes: [UInt8] = [3, 4, 0, 0, 0, 0] + PatternSource.bytes(100..<102)
    try checkConformance(of: slice, bytes: bytes, seed: 1)
    try checkConformance(of: slice.slice(1..<7), bytes: Array(bytes[1..<7]), seed: 2)
  }

  @Test(arguments: [0..<0, 3..<3, 6..<6, 0..<6, 0..<1, 5..<6])
  func slicesAtTheEndsOfADisk(range: Range<Int>) throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
    let disk = try Disk.concatenate([Disk([1, 2, 3]), Disk([4, 5, 6])])
    try checkConformance(of: disk.slice(range), bytes: Array(bytes[range]), seed: 3)
  }

  @Test func aSliceOfARepetitionKeepsItsPhase() throws {
    var disk = Disk()
    try disk.append(.repeating(Disk([1, 2, 3]), phase: 1), count: 100)
    let bytes = (0..<100).map { UInt8(($0 + 1) % 3 + 1) }
    try checkConformance(of: disk, bytes: bytes, seed: 4)
    try checkConformance(of: disk.slice(7..<50), bytes: Array(bytes[7..<50]), seed: 5)
    try checkConformance(
      of: disk.slice(7..<50).slice(5..<43),
      bytes: Array(bytes[12..<50]),
      seed: 6
    )
  }
}

struct DiskConcatenationTests {
  /// One, three, and the numbers around the one up to which a disk is spliced in.
  @Test(arguments: [1, 3, 63, 64, 65, 66, 200])
  func anAppendedDiskReadsAsBefore(segmentCount: Int) throws {
    let parts = (0..<segmentCount).map { Disk([UInt8(truncatingIfNeeded: $0), 7]) }
    let disk = try Disk.concatenate(parts)
    let bytes = (0..<2 * segmentCount).map { $0 % 2 == 0 ? UInt8(truncatingIfNeeded: $0 / 2) : 7 }
    #expect(disk.segmentCount == segmentCount)
    var result = Disk([255])
    try result.append(contentsOf: disk)
    try result.append(.zeros(.hole), count: 2)
    try result.append(contentsOf: disk)
    try checkConformance(of: result, bytes: [255] + bytes + [0, 0] + bytes, seed: 1)
    let size = result.size
    #expect(
      result.extents(in: 0..<size) == [
        Extent(0..<bytes.count + 1, .data), Extent(bytes.count + 1..<bytes.count + 3, .hole),
        Extent(bytes.count + 3..<size, .data),
      ]
    )
  }

  @Test func aLargeAppendedDiskIsOneSegment() throws {
    let parts = (0..<1000).map { Disk([UInt8(truncatingIfNeeded: $0)]) }
    let disk = try Disk.concatenate(parts)
    let twice = try Disk.concatenate([disk, disk])
    #expect(twice.segmentCount == 2)
    try checkConformance(of: twice.slice(900..<1100), seed: 2)
  }

  @Test func holesOfAppendedDisksMerge() throws {
    let disk = try Disk.concatenate([Disk(zeros: .hole, size: 5), Disk(zeros: .hole, size: 6)])
    #expect(disk.segmentCount == 1)
    #expect(disk.extents(in: 0..<11) == [Extent(0..<11, .hole)])
  }

  @Test func aDiskCanBeAppendedToItself() throws {
    var disk = Disk([1, 2])
    try disk.append(contentsOf: disk)
    try checkConformance(of: disk, bytes: [1, 2, 1, 2], seed: 3)
  }
}
