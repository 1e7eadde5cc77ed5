import DiskModel
import TestSupport
import Testing

struct FlatteningTests {
  private func mixed() throws -> Disk {
    var unit = Disk([1, 2])
    try unit.append(.zeros(.hole), count: 2)
    try unit.append(.zeros(.written), count: 1)
    var disk = Disk()
    try disk.append(.repeating(unit, phase: 3), count: 23)
    return disk
  }

  @Test func bytesAndExtentsStay() throws {
    let disk = try mixed()
    let flat = disk.flattened(limit: 23)
    #expect(flat.nestingDepth == 0 && disk.nestingDepth == 1)
    #expect(try flat.bytes(0..<23) == disk.bytes(0..<23))
    #expect(flat.extents(in: 0..<23) == disk.extents(in: 0..<23))
    try checkConformance(of: flat, bytes: disk.bytes(0..<23), seed: 1)
  }

  @Test func whatIsLargeOrHasASourceStaysAsItIs() throws {
    let disk = try mixed()
    #expect(disk.flattened(limit: 22).nestingDepth == 1)
    var unit = disk
    try unit.append(.source(NumberedSource(), offset: 0), count: 1)
    var other = Disk()
    try other.append(.repeating(unit, phase: 0), count: 48)
    #expect(other.flattened(limit: 1000).nestingDepth == 2)
  }
}

/// Bytes that count up.
private final class NumberedSource: ByteSource {
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    for index in 0..<count { output.append(UInt8(truncatingIfNeeded: offset + index)) }
  }
}
