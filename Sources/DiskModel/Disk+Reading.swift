import CHost

extension Disk {
  /// Appends the bytes of `range`, waiting for storage if need be.
  ///
  /// - Parameters:
  ///   - range: The bytes to read, inside `0..<size`.
  ///   - output: Receives exactly `range.count` bytes on success; it has room
  ///     for them.
  /// - Throws: ``ReadFailure`` of the source that could not be read; what was
  ///   appended until then has no meaning.
  public func read(
    _ range: Range<Int>,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    _ = try read(range, into: &output, mayWait: true)
  }

  /// Does what ``read(_:into:)`` does if that takes no waiting.
  ///
  /// - Returns: `false` if it would have to wait; what was appended until then
  ///   has no meaning.
  public func readWithoutWaiting(
    _ range: Range<Int>,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    try read(range, into: &output, mayWait: false)
  }

  /// The segment that alone holds all of a range.
  public struct SoleSegment: Sendable {
    /// How all of its bytes are stored.
    public let kind: Extent.Kind
    /// Its place among the segments.
    fileprivate let index: Int
  }

  /// The segment that holds all of a range, if there is one, and its bytes are of one kind.
  ///
  /// Most small ranges of most disks have one, and it is found quickly.
  ///
  /// - Precondition: `range` is not empty, and inside `0..<size`.
  public func soleSegment(of range: Range<Int>) -> SoleSegment? {
    let index = segmentIndex(at: range.lowerBound)
    guard range.upperBound <= end(ofSegmentAt: index), let kind = contents[index].uniformKind
    else { return nil }
    return SoleSegment(kind: kind, index: index)
  }

  /// Has the processor fetch what is going to be read soon, if it is in memory.
  ///
  /// For small reads at random offsets of much memory, waiting for it is a third of all
  /// that they cost.
  ///
  /// - Parameters:
  ///   - offset: Where the read starts; offsets that are not on the disk are ignored.
  ///   - count: How many bytes to fetch at most.
  public func prefetch(at offset: Int, count: Int) {
    guard offset >= 0 && offset < size else { return }
    let index = segmentIndex(at: offset)
    guard case .bytes(let bytes, let start) = contents[index] else { return }
    let first = start + offset - starts[index]
    unsafe bytes.span.withUnsafeBufferPointer { bytes in
      let soon = bytes.extracting(first..<min(first + count, bytes.count))
      unsafe host_prefetch(soon.baseAddress, soon.count)
    }
  }

  /// Does what ``readWithoutWaiting(_:into:)`` does for a range of which the segment is
  /// known.
  ///
  /// - Parameters:
  ///   - range: The bytes to read.
  ///   - segment: What ``soleSegment(of:)`` said of the range.
  ///   - output: Receives the bytes.
  /// - Returns: `false` if it would have to wait; what was appended until then
  ///   has no meaning.
  /// - Throws: ``ReadFailure`` of the source that could not be read.
  public func readWithoutWaiting(
    _ range: Range<Int>,
    in segment: SoleSegment,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    precondition(range.upperBound <= end(ofSegmentAt: segment.index), "it is the range's segment")
    return try read(
      contents[segment.index],
      skipping: range.lowerBound - starts[segment.index],
      count: range.count,
      into: &output,
      mayWait: false
    )
  }

  /// The source of a range, and where in it the range starts, if there is one.
  func source(of range: Range<Int>, in segment: SoleSegment) -> (any ByteSource, offset: Int)? {
    precondition(range.upperBound <= end(ofSegmentAt: segment.index), "it is the range's segment")
    guard case .source(let source, let offset) = contents[segment.index] else { return nil }
    return (source, offset + range.lowerBound - starts[segment.index])
  }

  /// The array that has the bytes of a range, and where in it they start, if there is one.
  func array(of range: Range<Int>, in segment: SoleSegment) -> ([UInt8], start: Int)? {
    precondition(range.upperBound <= end(ofSegmentAt: segment.index), "it is the range's segment")
    guard case .bytes(let bytes, let offset) = contents[segment.index] else { return nil }
    return (bytes, offset + range.lowerBound - starts[segment.index])
  }

  /// The bytes of `range` as an array, waiting for storage if need be.
  public func bytes(_ range: Range<Int>) throws(ReadFailure) -> [UInt8] {
    try [UInt8].read(count: range.count) { output throws(ReadFailure) in
      try read(range, into: &output)
    }
  }

  private func read(
    _ range: Range<Int>,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "the range lies on the disk")
    guard !range.isEmpty else { return true }
    var index = segmentIndex(at: range.lowerBound)
    var offset = range.lowerBound
    while true {
      let segment = self.range(ofSegmentAt: index)
      let count = min(range.upperBound, segment.upperBound) - offset
      let isRead = try read(
        contents[index],
        skipping: offset - segment.lowerBound,
        count: count,
        into: &output,
        mayWait: mayWait
      )
      guard isRead else { return false }
      offset += count
      guard offset < range.upperBound else { return true }
      index += 1
    }
  }

  private func read(
    _ content: Segment.Content,
    skipping: Int,
    count: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool {
    switch content {
    case .zeros:
      output.append(zeros: count)
      return true
    case .bytes(let bytes, let offset):
      let start = offset + skipping
      output.append(copying: bytes.span.extracting(start..<start + count))
      return true
    case .repeating(let unit, let phase):
      return try unit.readPeriodically(
        from: unit.phase(phase, advancedBy: skipping),
        count: count,
        into: &output,
        mayWait: mayWait
      )
    case .source(let source, let offset):
      let end = output.byteCount + count
      if mayWait {
        try source.read(count, at: offset + skipping, into: &output)
      } else if try !source.readWithoutWaiting(count, at: offset + skipping, into: &output) {
        return false
      }
      try source.confirm(output.byteCount, is: end, afterReading: count, at: offset + skipping)
      return true
    }
  }

  /// The phase that is `count` bytes behind `phase` if the disk is repeated.
  func phase(_ phase: Int, advancedBy count: Int) -> Int {
    let rest = count % size
    return phase < size - rest ? phase + rest : phase - (size - rest)
  }

  /// Appends `count` bytes of the disk repeated over and over: one period is
  /// read, the rest is copied from what was appended.
  private func readPeriodically(
    from phase: Int,
    count: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool {
    let head = min(count, size - phase)
    guard try read(phase..<phase + head, into: &output, mayWait: mayWait) else { return false }
    let tail = min(count - head, phase)
    guard try read(0..<tail, into: &output, mayWait: mayWait) else { return false }
    output.repeatLast(head + tail, for: count - head - tail)
    return true
  }
}

extension ByteSource {
  /// Makes sure that reading `count` bytes has filled the output to its `end`.
  func confirm(
    _ filled: Int,
    is end: Int,
    afterReading count: Int,
    at offset: Int
  ) throws(ReadFailure) {
    guard filled != end else { return }
    throw ReadFailure(
      subject: "\(type(of: self))",
      offset: offset,
      cause: "the source gave \(filled - (end - count)) of \(count) bytes"
    )
  }
}
