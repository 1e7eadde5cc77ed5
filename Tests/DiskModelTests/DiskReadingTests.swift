import DiskModel
import TestSupport
import Testing

struct DiskReadingTests {
  @Test func aFailureOfASourceReachesTheReader() throws {
    var disk = Disk([1, 2])
    try disk.append(.source(FailingSource(size: 10), offset: 4), count: 8)
    let failure = ReadFailure(subject: "failing source", offset: 8, cause: "it ends at 10")
    #expect(throws: failure) { try disk.bytes(6..<9) }
    #expect(throws: ReadFailure.self) { try disk.bytes(0..<10) }
    #expect(try disk.bytes(0..<8) == [1, 2] + PatternSource.bytes(4..<10))
    #expect(failure.description == "failing source: at offset 8: it ends at 10")
  }

  @Test func aFailureInsideAUnitReachesTheReader() throws {
    var unit = Disk([1, 2])
    try unit.append(.source(FailingSource(size: 0), offset: 0), count: 1)
    var disk = Disk()
    try disk.append(.repeating(unit, phase: 0), count: 100)
    #expect(try disk.bytes(3..<5) == [1, 2])
    #expect(throws: ReadFailure.self) { try disk.bytes(3..<6) }
    #expect(throws: ReadFailure.self) { try disk.slice(2..<9).bytes(0..<7) }
  }

  /// A slow source says so, also from inside a unit or behind other segments,
  /// and what needs no waiting is read without it.
  @Test func waitingIsAskedForOnlyWhereItIsNeeded() throws {
    var unit = Disk([1, 2, 3])
    try unit.append(.source(SlowSource(), offset: 0), count: 5)
    var disk = Disk(PatternSource.bytes(0..<10))
    try disk.append(.repeating(unit, phase: 2), count: 80)
    #expect(try isReadWithoutWaiting(0..<11, of: disk))
    #expect(try !isReadWithoutWaiting(0..<12, of: disk))
    #expect(try isReadWithoutWaiting(16..<19, of: disk))
    #expect(try !isReadWithoutWaiting(16..<20, of: disk))
    let once = [1, 2, 3] + PatternSource.bytes(0..<5)
    let bytes = PatternSource.bytes(0..<10) + (0..<80).map { once[($0 + 2) % 8] }
    try checkConformance(of: disk, bytes: bytes, seed: 1)
  }

  @Test func aMillionSegmentsAreFound() throws {
    let bytes = PatternSource.bytes(0..<3000)
    var disk = Disk()
    disk.reserveSegments(1_000_000)
    for index in 0..<500_000 {
      try disk.append(.bytes(bytes, offset: index % 2900), count: 1 + index % 3)
      try disk.append(.zeros(index % 2 == 0 ? .hole : .written), count: 1)
    }
    #expect(disk.segmentCount == 1_000_000)
    for index in stride(from: 0, to: 1_000_000, by: 9973) {
      let segment = disk.segment(at: index)
      let expected = index % 2 == 0 ? bytes[index / 2 % 2900] : 0
      #expect(try disk.bytes(segment.range.lowerBound..<segment.range.lowerBound + 1) == [expected])
    }
    try checkConformance(of: disk, seed: 2, windows: 16, wholeLimit: 1 << 20)
  }
}
