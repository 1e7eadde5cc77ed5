extension ByteSource {
  /// Bytes of the source as an array, waiting for storage if need be.
  package func bytes(_ count: Int, at offset: Int) throws(ReadFailure) -> [UInt8] {
    try [UInt8].read(count: count) { output throws(ReadFailure) in
      try read(count, at: offset, into: &output)
    }
  }
}

extension [UInt8] {
  /// The `count` bytes that `body` appends to its output.
  package static func read(
    count: Int,
    _ body: (inout OutputRawSpan) throws(ReadFailure) -> Void
  ) throws(ReadFailure) -> [UInt8] {
    var failure: ReadFailure?
    let bytes = [UInt8](capacity: count) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initializedCount in
        var output = unsafe OutputRawSpan(
          buffer: UnsafeMutableRawBufferPointer(buffer),
          initializedCount: 0
        )
        do throws(ReadFailure) {
          try body(&output)
          initializedCount = count
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
