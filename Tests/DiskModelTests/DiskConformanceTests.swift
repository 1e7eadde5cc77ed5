import DiskModel
import TestSupport
import Testing

/// A source that breaks its promise in one way.
private final class BrokenSource: ByteSource {
  enum Fault: CaseIterable {
    case tooFew, tooMany, unwritten, dependsOnCount, dependsOnWaiting, nothing
  }

  let fault: Fault

  init(_ fault: Fault) { self.fault = fault }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    var bytes = PatternSource.bytes(offset..<offset + count)
    switch fault {
    case .tooFew: _ = bytes.popLast()
    case .tooMany: bytes.append(1)
    case .dependsOnCount: bytes[count - 1] = UInt8(truncatingIfNeeded: count)
    case .unwritten:
      unsafe output.withUnsafeMutableBytes { _, initializedCount in initializedCount += count }
      return
    case .dependsOnWaiting, .nothing: break
    }
    output.append(copying: bytes.span)
  }

  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    let start = fault == .dependsOnWaiting ? offset + 1 : offset
    try read(count, at: start, into: &output)
    return true
  }
}

/// The checker notices what it is there to notice.
struct DiskConformanceTests {
  @Test(arguments: BrokenSource.Fault.allCases)
  private func brokenSourcesAreFound(fault: BrokenSource.Fault) throws {
    for count in [1000, 1 << 40] {
      var disk = Disk()
      try disk.append(.source(BrokenSource(fault), offset: 0), count: count)
      if fault == .nothing {
        try checkConformance(of: disk, seed: 1, windows: 4)
      } else {
        #expect(throws: ConformanceViolation.self) {
          try checkConformance(of: disk, seed: 1, windows: 4)
        }
      }
    }
  }

  @Test func otherBytesAreFound() throws {
    let disk = try Disk.concatenate([Disk([1, 2]), Disk(zeros: .hole, size: 2)])
    try checkConformance(of: disk, bytes: [1, 2, 0, 0], seed: 1)
    for bytes: [UInt8] in [[1, 2, 0], [1, 3, 0, 0], [1, 2, 0, 1], [1, 2, 0, 0, 0]] {
      #expect(throws: ConformanceViolation.self) {
        try checkConformance(of: disk, bytes: bytes, seed: 1)
      }
    }
  }

  @Test func aFailureIsAViolationThatNamesTheSeed() throws {
    var disk = Disk()
    try disk.append(.source(FailingSource(size: 5), offset: 0), count: 10)
    let violation = try #require(throws: ConformanceViolation.self) {
      try checkConformance(of: disk, seed: 4711)
    }
    #expect(violation.description.contains("4711"))
    #expect(violation.description.contains("it ends at 5"))
  }
}
