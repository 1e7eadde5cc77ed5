/// Something that can fill a range of a disk: a host file, a formula, a table
/// that is computed when it is read.
///
/// The bytes of a source never change. A source that can no longer give the
/// bytes that it had when the disk was built throws instead.
///
/// Sources are read from several threads at once.
public protocol ByteSource: AnyObject, Sendable {
  /// Appends `count` bytes, the first being the one at `offset`, waiting for
  /// storage if need be.
  ///
  /// - Parameters:
  ///   - count: Number of bytes; the output has room for them.
  ///   - offset: Where the bytes start, counted from the start of the source.
  ///   - output: Receives exactly `count` bytes on success.
  /// - Throws: ``ReadFailure``; what was appended until then has no meaning.
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure)

  /// Does what ``read(_:at:into:)`` does if that takes no waiting.
  ///
  /// - Returns: `false` if it would have to wait; what was appended until then
  ///   has no meaning.
  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool

  /// Does what ``readWithoutWaiting(_:at:into:)`` does, except that it may leave it to
  /// the checks to see whether the bytes are those that they should be.
  ///
  /// Sources that read files of the host through other sources hand the checks on; for
  /// all others there is nothing to do.
  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    deferring checks: inout DeferredChecks
  ) throws(ReadFailure) -> Bool
}

extension ByteSource {
  /// Reads, and leaves nothing to be looked at.
  public func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    deferring checks: inout DeferredChecks
  ) throws(ReadFailure) -> Bool {
    try readWithoutWaiting(count, at: offset, into: &output)
  }

  /// Reads at once: what is computed has nothing to wait for.
  public func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    try read(count, at: offset, into: &output)
    return true
  }
}

/// Why bytes of a disk could not be read.
public struct ReadFailure: Error, Equatable, CustomStringConvertible {
  /// What the bytes come from, for people: usually the path of a host file.
  public var subject: String

  /// Where in the subject the read started, in bytes.
  public var offset: Int

  /// What went wrong, for people: a cause such as "the file was truncated".
  public var cause: String

  /// Creates a failure.
  public init(subject: String, offset: Int, cause: String) {
    self.subject = subject
    self.offset = offset
    self.cause = cause
  }

  /// One line that names the subject, the offset and the cause.
  public var description: String { "\(subject): at offset \(offset): \(cause)" }
}
