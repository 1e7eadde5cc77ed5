package import DiskModel

/// A source whose bytes depend on their offset, so that misplaced ones show.
package final class PatternSource: ByteSource {
  package init() {}

  /// The byte at `offset`; never zero.
  package static func byte(at offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (offset &* 0x9E37_79B9 &+ offset >> 8) >> 5) | 1
  }

  /// The bytes of `range`.
  package static func bytes(_ range: Range<Int>) -> [UInt8] { range.map(byte) }

  package func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    output.append(copying: Self.bytes(offset..<offset + count).span)
  }
}

/// A pattern that is never there without waiting.
package final class SlowSource: ByteSource {
  private let pattern = PatternSource()

  package init() {}

  package func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    try pattern.read(count, at: offset, into: &output)
  }

  package func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    // What is appended has no meaning, and nobody may rely on it.
    if count > 1 { output.append(zeros: count / 2) }
    return false
  }
}

/// A pattern that ends at `size`: what reaches further fails.
package final class FailingSource: ByteSource {
  private let pattern = PatternSource()
  private let size: Int

  package init(size: Int) { self.size = size }

  package func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    guard offset + count <= size else {
      throw ReadFailure(subject: "failing source", offset: offset, cause: "it ends at \(size)")
    }
    try pattern.read(count, at: offset, into: &output)
  }
}
