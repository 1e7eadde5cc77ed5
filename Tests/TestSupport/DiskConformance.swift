package import DiskModel

/// Checks everything that a disk promises, as far as it can be seen from
/// outside: reads of whatever size agree, nothing is left unwritten, extents
/// cover every range exactly once, holes read as zeros, slices are the same
/// bytes.
///
/// A disk of at most `wholeLimit` bytes is read as a whole and compared with
/// its parts; of a larger one, windows are looked at: at the start, the end,
/// boundaries of segments, and random places.
///
/// - Parameters:
///   - disk: The disk to check.
///   - bytes: What the disk should read as, if that is known.
///   - seed: Chooses the parts.
///   - windows: How many random parts are compared.
///   - wholeLimit: Size in bytes up to which the whole is read.
/// - Throws: ``ConformanceViolation`` for the first promise that is broken.
package func checkConformance(
  of disk: Disk,
  bytes: [UInt8]? = nil,
  seed: UInt64,
  windows: Int = 32,
  wholeLimit: Int = 64 << 20
) throws(ConformanceViolation) {
  var checker = ConformanceChecker(disk: disk, seed: seed)
  try checker.checkSegments()
  if let bytes, bytes.count != disk.size {
    throw checker.violation("size is \(disk.size) instead of \(bytes.count)", 0..<disk.size)
  }
  if disk.size <= wholeLimit {
    try checker.checkWindow(0..<disk.size, bytes: bytes, partCount: windows)
    return
  }
  for window in checker.chooseWindows(windows) {
    try checker.checkWindow(window, bytes: bytes.map { Array($0[window]) }, partCount: 3)
  }
  try checker.checkEndlessVisit()
}

struct ConformanceChecker {
  let disk: Disk
  let seed: UInt64
  var random: SeededGenerator

  init(disk: Disk, seed: UInt64) {
    self.disk = disk
    self.seed = seed
    random = SeededGenerator(seed: seed)
  }

  func violation(_ problem: String, _ range: Range<Int>) -> ConformanceViolation {
    ConformanceViolation(problem: problem, range: range, seed: seed)
  }

  /// The segments cover the disk in order, and none is empty.
  func checkSegments() throws(ConformanceViolation) {
    var end = 0
    for index in 0..<disk.segmentCount {
      let range = disk.segment(at: index).range
      guard range.lowerBound == end, !range.isEmpty else {
        throw violation("segment \(index) does not start at \(end), or is empty", range)
      }
      end = range.upperBound
    }
    guard end == disk.size else {
      throw violation("the segments end at \(end), the disk at \(disk.size)", 0..<disk.size)
    }
  }

  /// Compares the bytes and extents of `window` with those of parts of it.
  mutating func checkWindow(
    _ window: Range<Int>,
    bytes: [UInt8]?,
    partCount: Int
  ) throws(ConformanceViolation) {
    let reference = try read(window, of: disk, fill: 0xD1)
    if let bytes, let index = firstDifference(of: reference, from: bytes, at: 0) {
      let problem = "byte \(window.lowerBound + index) is \(reference[index]), not \(bytes[index])"
      throw violation(problem, window)
    }
    let extents = disk.extents(in: window)
    try checkCover(extents, of: window)
    let roles = try checkRoles(of: window, in: nil)
    for extent in extents where extent.kind != .data {
      let zeros = [UInt8](repeating: 0, count: extent.range.count)
      let start = extent.range.lowerBound - window.lowerBound
      if let index = firstDifference(of: zeros, from: reference, at: start) {
        let offset = extent.range.lowerBound + index
        throw violation("byte \(offset) of a \(extent.kind) does not read as zero", extent.range)
      }
    }
    for part in chooseParts(of: window, count: partCount) {
      let start = part.lowerBound - window.lowerBound
      try checkBytes(of: part, reference: reference, start: start)
      let expected = Self.clamp(extents, to: part)
      try checkExtents(of: part, expected: expected)
      _ = try checkRoles(of: part, in: roles)
      try checkSlice(part, reference: reference, start: start, extents: expected)
    }
  }

  private func checkBytes(
    of part: Range<Int>,
    reference: [UInt8],
    start: Int
  ) throws(ConformanceViolation) {
    let bytes = try read(part, of: disk, fill: 0x2E)
    try compare(bytes, with: reference, start: start, part, what: "a read of part of it")
    let quick = GuardedRead.run(part.count, fill: 0x2E) { (output) throws(ReadFailure) in
      try disk.readWithoutWaiting(part, into: &output)
    }
    switch quick {
    case .wouldWait: break
    case .bytes(let bytes):
      try compare(bytes, with: reference, start: start, part, what: "a read without waiting")
    case .violation(let problem): throw violation("a read without waiting: \(problem)", part)
    }
    // The convenience fills its memory in a way of its own.
    let convenient: [UInt8]
    do throws(ReadFailure) {
      convenient = try disk.bytes(part)
    } catch {
      throw violation("bytes(_:) failed: \(error)", part)
    }
    guard convenient.count == part.count else {
      throw violation("bytes(_:) gave \(convenient.count) bytes", part)
    }
    try compare(convenient, with: reference, start: start, part, what: "bytes(_:)")
  }

  func compare(
    _ bytes: [UInt8],
    with reference: [UInt8],
    start: Int,
    _ part: Range<Int>,
    what: String
  ) throws(ConformanceViolation) {
    guard let index = firstDifference(of: bytes, from: reference, at: start) else { return }
    let (found, wanted) = (bytes[index], reference[start + index])
    let offset = part.lowerBound + index
    throw violation("\(what) gave \(found) at \(offset); a larger read gave \(wanted)", part)
  }

  func read(
    _ range: Range<Int>,
    of disk: Disk,
    fill: UInt8
  ) throws(ConformanceViolation) -> [UInt8] {
    let result = GuardedRead.run(range.count, fill: fill) { (output) throws(ReadFailure) in
      try disk.read(range, into: &output)
      return true
    }
    switch result {
    case .bytes(let bytes): return bytes
    case .wouldWait: preconditionFailure("this read waits")
    case .violation(let problem): throw violation("a read: \(problem)", range)
    }
  }
}
