import DiskModel
import TestSupport
import Testing

struct DiskRepetitionTests {
  private static func repetition(
    of unit: Disk,
    phase: Int = 0,
    count: Int
  ) throws(DiskError) -> Disk {
    var disk = Disk()
    try disk.append(.repeating(unit, phase: phase), count: count)
    return disk
  }

  @Test(arguments: [1, 2, 3, 512, 4095, 4096], [0, 1, 2, 511, 4095])
  func everyUnitReadsFromEveryPhase(unitSize: Int, phase: Int) throws {
    guard phase < unitSize else { return }
    let unit = PatternSource.bytes(0..<unitSize)
    for count in [1, unitSize - phase, unitSize, unitSize + 1, 3 * unitSize + 5] {
      let disk = try Self.repetition(of: Disk(unit), phase: phase, count: count)
      let bytes = (0..<count).map { unit[($0 + phase) % unitSize] }
      try checkConformance(of: disk, bytes: bytes, seed: UInt64(unitSize), windows: 8)
    }
  }

  @Test func aSparseUnitKeepsItsHoles() throws {
    var unit = Disk([1, 2])
    try unit.append(.zeros(.hole), count: 3)
    try unit.append(.zeros(.written), count: 2)
    try unit.append(.source(PatternSource(), offset: 3), count: 2)
    let once = try unit.bytes(0..<9)
    let disk = try Self.repetition(of: unit, phase: 4, count: 1000)
    try checkConformance(of: disk, bytes: (0..<1000).map { once[($0 + 4) % 9] }, seed: 1)
    #expect(
      disk.extents(in: 0..<12) == [
        Extent(0..<1, .hole), Extent(1..<3, .zero), Extent(3..<7, .data), Extent(7..<10, .hole),
        Extent(10..<12, .zero),
      ]
    )
  }

  @Test func aRepetitionCanBeRepeated() throws {
    var inner = Disk([5])
    try inner.append(.zeros(.hole), count: 2)
    var middle = try Self.repetition(of: inner, phase: 2, count: 7)
    try middle.append([6, 7])
    let disk = try Self.repetition(of: middle, phase: 8, count: 500)
    let once: [UInt8] = [0, 5, 0, 0, 5, 0, 0, 6, 7]
    try checkConformance(of: disk, bytes: (0..<500).map { once[($0 + 8) % 9] }, seed: 2)
  }

  @Test func aUnitThatIsAHoleIsOneHole() throws {
    let disk = try Self.repetition(of: Disk(zeros: .hole, size: 7), phase: 3, count: 1 << 62)
    #expect(disk.extents(in: 0..<1 << 62) == [Extent(0..<1 << 62, .hole)])
    try checkConformance(of: disk, seed: 3)
  }

  @Test(arguments: [1, 3, 4096])
  func repetitionsMayBeHuge(unitSize: Int) throws {
    let unit = PatternSource.bytes(0..<unitSize)
    for count in [1 << 62, Int.max] {
      let disk = try Self.repetition(of: Disk(unit), phase: unitSize - 1, count: count)
      #expect(disk.extents(in: 0..<count) == [Extent(0..<count, .data)])
      for start in [0, count / 3, count - 100] {
        let bytes = (start..<start + 100).map { unit[($0 % unitSize + unitSize - 1) % unitSize] }
        #expect(try disk.bytes(start..<start + 100) == bytes)
      }
      try checkConformance(of: disk, seed: 4, windows: 8)
    }
  }

  @Test func aSparseUnitMayBeRepeatedHugelyOften() throws {
    var unit = Disk([1, 2])
    try unit.append(.zeros(.hole), count: 998)
    let disk = try Self.repetition(of: unit, count: 1 << 62)
    try checkConformance(of: disk, seed: 5, windows: 8)
    var visited: [Extent] = []
    disk.forEachExtent(in: 0..<1 << 62, limit: 4) { extent in
      visited.append(extent)
      return true
    }
    #expect(visited.map(\.range) == [0..<2, 2..<1000, 1000..<1002, 1002..<2000])
  }

  /// A unit larger than half of the largest disk, begun in the middle.
  @Test func aHugeUnitMayStartAtAnyPhase() async throws {
    await #expect(processExitsWith: .success) {
      let unitSize = 1 << 62 + 2
      var unit = Disk(zeros: .hole, size: unitSize - 1)
      try unit.append([7])
      var disk = Disk()
      try disk.append(.repeating(unit, phase: unitSize - 1), count: unitSize)
      #expect(try disk.bytes(0..<2) == [7, 0])
      #expect(try disk.bytes(unitSize - 2..<unitSize) == [0, 0])
      #expect(disk.extents(in: unitSize - 2..<unitSize).map(\.kind) == [.hole])
      #expect(disk.slice(unitSize - 2..<unitSize).size == 2)
    }
  }
}

/// A disk that is used twice is stored once.
struct StructuralSharingTests {
  private static func doubledSixtyTimes(_ disk: Disk) throws(DiskError) -> Disk {
    var disk = disk
    for _ in 0..<60 { disk = try Disk.concatenate([disk, disk]) }
    return disk
  }

  @Test func doublingSixtyTimesTakesFewSegments() throws {
    let disk = try Self.doubledSixtyTimes(Disk([1, 2, 3]))
    #expect(disk.size == 3 << 60)
    #expect(disk.segmentCount <= 128)
    for start in [0, 1 << 60, (3 << 60) - 1000] {
      let bytes = (start..<start + 1000).map { UInt8($0 % 3 + 1) }
      #expect(try disk.bytes(start..<start + 1000) == bytes)
    }
    try checkConformance(of: disk, seed: 1, windows: 8)
  }

  @Test func doubledHolesAreHoles() throws {
    var disk = Disk([1])
    try disk.append(.zeros(.hole), count: 4095)
    disk = try Self.doubledSixtyTimes(disk.slice(0..<4)).slice(0..<1 << 61)
    try checkConformance(of: disk, seed: 2, windows: 8)
  }

  /// Finding out takes no more than a few steps, however large the disk.
  @Test func doubledDataIsOneExtent() throws {
    let disk = try Self.doubledSixtyTimes(Disk([1, 2, 3]))
    var visited: [Extent] = []
    disk.forEachExtent(in: 0..<disk.size, limit: 1000) { extent in
      visited.append(extent)
      return true
    }
    #expect(visited == [Extent(0..<disk.size, .data)])
  }
}
