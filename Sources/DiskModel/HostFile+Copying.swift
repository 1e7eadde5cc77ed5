import CHost
import SystemPackage

extension HostFile {
  /// Copies bytes of the file into another one, where the host can do that by itself.
  ///
  /// - Parameters:
  ///   - count: Number of bytes.
  ///   - offset: Where they start in this file.
  ///   - target: The other file, open for writing.
  ///   - position: Where they go there.
  /// - Returns: `false` if the host cannot, or something is wrong with one of the files;
  ///   reading and writing tells with which, and what was copied until then has no
  ///   meaning.
  /// - Throws: ``ReadFailure`` if the file is not the one that was sealed.
  func copy(
    _ count: Int,
    at offset: Int,
    to target: CInt,
    at position: Int
  ) throws(ReadFailure) -> Bool {
    guard let file = try? acquire(mayWait: true) else { return false }
    defer { file.release() }
    var done = 0
    while done < count {
      let result = host_copy_range(
        file.descriptor,
        Int64(offset + done),
        target,
        Int64(position + done),
        Int64(count - done)
      )
      guard result > 0 else { return false }
      done += Int(result)
    }
    guard set.changePolicy != .serve else { return true }
    guard let status = try? HostCall.status(of: file.descriptor) else { return false }
    if let difference = set.seal(of: index).difference(from: FileSeal(status)) {
      throw failure(difference, at: offset)
    }
    return true
  }
}

extension Disk {
  /// Bytes of a disk that are also bytes of a host file.
  struct HostRun {
    /// Number of bytes, at least one.
    var count: Int
    /// The file; `nil` if they come from elsewhere.
    var file: HostFile?
    /// Where they start in the file.
    var offset = 0
  }

  /// The bytes from `offset` on that come from one place.
  ///
  /// - Precondition: `offset` is in `0..<size`.
  func hostRun(at offset: Int) -> HostRun {
    let index = segmentIndex(at: offset)
    let segment = range(ofSegmentAt: index)
    let skipped = offset - segment.lowerBound
    let count = segment.upperBound - offset
    switch contents[index] {
    case .zeros, .bytes:
      return HostRun(count: count)
    case .source(let source, let start):
      return HostRun(count: count, file: source as? HostFile, offset: start + skipped)
    case .repeating(let unit, let phase):
      var run = unit.hostRun(at: unit.phase(phase, advancedBy: skipped))
      run.count = min(run.count, count)
      return run
    }
  }

  /// Copies a range into a file at the same offset, where the host can do that by
  /// itself.
  ///
  /// - Parameters:
  ///   - range: The bytes to copy, inside `0..<size`.
  ///   - target: The file, open for writing.
  /// - Returns: How many bytes from the start of the range were copied; the next ones
  ///   have to be read.
  /// - Throws: ``ReadFailure`` of a host file that is not what it was.
  package func copyHostFiles(
    in range: Range<Int>,
    to target: CInt
  ) throws(ReadFailure) -> Int {
    var position = range.lowerBound
    while position < range.upperBound {
      let run = hostRun(at: position)
      let count = min(run.count, range.upperBound - position)
      guard let file = run.file, count >= Self.leastCopy else { break }
      guard try file.copy(count, at: run.offset, to: target, at: position) else { break }
      position += count
    }
    return position - range.lowerBound
  }

  /// How many bytes from the start of a range have to be read, because none of them is
  /// worth to be copied by the host.
  package func countToRead(in range: Range<Int>) -> Int {
    var position = range.lowerBound
    while position < range.upperBound {
      let run = hostRun(at: position)
      let count = min(run.count, range.upperBound - position)
      if position > range.lowerBound, run.file != nil, count >= Self.leastCopy { break }
      position += count
    }
    return position - range.lowerBound
  }

  /// Copies of fewer bytes are not worth a call of their own.
  private static var leastCopy: Int { 1 << 16 }
}
