import DiskModel

/// A source whose one way of reading is told whether it may wait.
protocol WaitingSource: ByteSource {
  /// Appends bytes as ``ByteSource`` wants them.
  ///
  /// - Returns: `false` if it would have to wait and may not; what was appended until
  ///   then has no meaning.
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool
}

extension WaitingSource {
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    _ = try read(count, at: offset, into: &output, mayWait: true)
  }

  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    try read(count, at: offset, into: &output, mayWait: false)
  }
}
