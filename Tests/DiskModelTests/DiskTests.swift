import DiskModel
import TestSupport
import Testing

struct DiskTests {
  @Test func aNewDiskIsEmpty() throws {
    let disk = Disk()
    #expect(disk.size == 0)
    #expect(disk.segmentCount == 0)
    #expect(disk.extents(in: 0..<0).isEmpty)
    try checkConformance(of: disk, bytes: [], seed: 1)
  }

  @Test func appendedSegmentsFollowEachOther() throws {
    var disk = Disk([1, 2, 3])
    try disk.append(.zeros(.hole), count: 2)
    try disk.append([4])
    try disk.append(.source(PatternSource(), offset: 7), count: 5)
    #expect(disk.size == 11)
    #expect(disk.segmentCount == 4)
    #expect(disk.segment(at: 3).range == 6..<11)
    let bytes: [UInt8] = [1, 2, 3, 0, 0, 4] + PatternSource.bytes(7..<12)
    try checkConformance(of: disk, bytes: bytes, seed: 2)
  }

  @Test func aPartOfAnArrayIsASegment() throws {
    var disk = Disk()
    try disk.append(.bytes([1, 2, 3, 4, 5, 6], offset: 2), count: 3)
    try checkConformance(of: disk, bytes: [3, 4, 5], seed: 3)
  }

  @Test func nothingAppendedIsNoSegment() throws {
    var disk = Disk()
    try disk.append([])
    try disk.append(.zeros(.hole), count: 0)
    try disk.append(contentsOf: Disk())
    #expect(disk.segmentCount == 0)
    #expect(Disk([]).segmentCount == 0)
    #expect(Disk(zeros: .written, size: 0).segmentCount == 0)
  }

  @Test func zerosMergeWithZerosOfTheSameKindOnly() throws {
    var disk = Disk(zeros: .hole, size: 3)
    try disk.append(.zeros(.hole), count: 4)
    #expect(disk.segmentCount == 1)
    try disk.append(.zeros(.written), count: 1)
    try disk.append(.zeros(.written), count: 1)
    try disk.append(.zeros(.hole), count: 1)
    #expect(disk.segmentCount == 3)
    #expect(
      disk.extents(in: 0..<10) == [
        Extent(0..<7, .hole), Extent(7..<9, .zero), Extent(9..<10, .hole),
      ]
    )
    try checkConformance(of: disk, bytes: [UInt8](repeating: 0, count: 10), seed: 4)
  }

  @Test func copiesAreIndependent() throws {
    let disk = Disk([1, 2])
    var copy = disk
    try copy.append([3])
    #expect(disk.size == 2)
    try checkConformance(of: disk, bytes: [1, 2], seed: 5)
    try checkConformance(of: copy, bytes: [1, 2, 3], seed: 5)
  }

  @Test(arguments: [
    (0, 1, 0), (0, 512, 0), (1, 1, 1), (1, 512, 512), (511, 512, 512), (512, 512, 512),
    (513, 512, 1024), (1000, 7, 1001),
  ])
  func alignmentIsReachedWithAHole(size: Int, alignment: Int, aligned: Int) throws {
    let bytes = PatternSource.bytes(0..<size)
    var disk = Disk(bytes)
    try disk.align(to: alignment)
    let padding = [UInt8](repeating: 0, count: aligned - size)
    try checkConformance(of: disk, bytes: bytes + padding, seed: 6)
    #expect(disk.extents(in: size..<aligned).allSatisfy { $0.kind == .hole })
  }

  @Test func paddingIsAHole() throws {
    var disk = Disk([9])
    try disk.pad(to: 1)
    #expect(disk.segmentCount == 1)
    try disk.pad(to: 4)
    try checkConformance(of: disk, bytes: [9, 0, 0, 0], seed: 7)
    #expect(disk.extents(in: 0..<4) == [Extent(0..<1, .data), Extent(1..<4, .hole)])
  }
}

/// The largest disk has 2^63 - 1 bytes, and what would be larger is an error.
struct DiskSizeLimitTests {
  @Test func theLargestDiskReadsToItsLastByte() throws {
    var disk = Disk([1])
    try disk.pad(to: .max - 1)
    try disk.append([2])
    #expect(disk.size == .max)
    #expect(try disk.bytes(.max - 2 ..< .max) == [0, 2])
    try checkConformance(of: disk, seed: 1)
  }

  @Test func oneByteMoreIsAnError() throws {
    var disk = Disk(zeros: .hole, size: .max)
    #expect(throws: DiskError.tooLarge) { try disk.append([1]) }
    #expect(throws: DiskError.tooLarge) { try disk.append(.zeros(.hole), count: 1) }
    #expect(throws: DiskError.tooLarge) { try disk.append(.zeros(.hole), count: .max) }
    #expect(throws: DiskError.tooLarge) { try disk.append(contentsOf: Disk([1])) }
    #expect(throws: DiskError.tooLarge) { try disk.align(to: 512) }
    try disk.append([])
    try disk.align(to: 1)
    try disk.pad(to: .max)
    #expect(disk.size == .max)
    #expect(disk.segmentCount == 1)
  }

  @Test func anAppendThatFailsChangesNothing() throws {
    var tail = Disk([1, 2, 3, 4])
    try tail.append(.zeros(.hole), count: 10)
    var disk = Disk(zeros: .hole, size: .max - 8)
    #expect(throws: DiskError.tooLarge) { try disk.append(contentsOf: tail) }
    #expect(disk.size == .max - 8)
    #expect(disk.segmentCount == 1)
  }

  @Test func concatenationCanBeTooLarge() throws {
    let half = Disk(zeros: .hole, size: 1 << 62)
    #expect(throws: DiskError.tooLarge) { try Disk.concatenate([half, half]) }
    #expect(try Disk.concatenate([half, half.slice(1..<1 << 62)]).size == .max)
  }
}
