import SystemPackage

/// Files of the host that were read, and of which is still to be seen whether they are
/// what they were when the disk was built.
///
/// Nobody may get to see the bytes before ``pass()`` has looked at the files. One look is
/// enough for all bytes that are shown together: it is a system call, and costs as much as
/// copying a kilobyte or two.
public struct DeferredChecks: ~Copyable {
  private var entries: [Entry] = []

  private struct Entry {
    var file: HostFile
    var opened: OpenFile
    /// Where it was read first.
    var offset: Int
  }

  /// How many files may be open for this, beyond those that are kept open anyway.
  private static let limit = 64

  /// Among so many files a file is looked for, before it is taken once more.
  private static let searchLimit = 4

  /// Whether the host may be asked for bytes that are not known to be in its memory.
  ///
  /// Asking does not wait, but takes ten times as long where the bytes are not there, as the
  /// host begins to read them. Without it files that are mapped give what is known to be
  /// there, and others nothing.
  public var mayAskHost = true

  /// Creates checks of nothing.
  public init() {}

  deinit {
    for entry in entries { entry.opened.release() }
  }

  /// Whether there is nothing to look at.
  public var isEmpty: Bool { entries.isEmpty }

  /// Has a file looked at; `nil` if there is no room, or reading the file takes opening
  /// it, and that would take waiting.
  mutating func take(_ file: HostFile, at offset: Int) throws(Errno) -> OpenFile? {
    for entry in entries.suffix(Self.searchLimit) where entry.file === file {
      return entry.opened
    }
    guard entries.count < Self.limit else { return nil }
    let opened = try file.acquire(mayWait: false)
    entries.append(Entry(file: file, opened: opened, offset: offset))
    return opened
  }

  /// Looks at the files, and lets them go.
  ///
  /// - Returns: What is wrong with one of them; what was read of any has no meaning then.
  public mutating func pass() -> ReadFailure? {
    var failure: ReadFailure?
    for entry in entries {
      if failure == nil, let cause = entry.file.change(of: entry.opened) {
        failure = entry.file.failure(cause, at: entry.offset)
      }
      entry.opened.release()
    }
    entries.removeAll(keepingCapacity: true)
    FileMapping.lookForFaults()
    return failure
  }
}

extension Disk {
  /// Does what ``readWithoutWaiting(_:in:into:)`` does, except that files are not looked
  /// at afterwards.
  ///
  /// - Parameters:
  ///   - range: The bytes to read.
  ///   - segment: What ``soleSegment(of:)`` said of the range.
  ///   - output: Receives the bytes.
  ///   - checks: Receives the files; they have to pass before anybody sees the bytes.
  /// - Returns: `false` if it would have to wait; what was appended until then
  ///   has no meaning.
  /// - Throws: ``ReadFailure`` of the source that could not be read.
  public func readWithoutWaiting(
    _ range: Range<Int>,
    in segment: SoleSegment,
    into output: inout OutputRawSpan,
    deferring checks: inout DeferredChecks
  ) throws(ReadFailure) -> Bool {
    guard let (source, offset) = source(of: range, in: segment) else {
      return try readWithoutWaiting(range, in: segment, into: &output)
    }
    let end = output.byteCount + range.count
    let isRead = try source.readWithoutWaiting(
      range.count,
      at: offset,
      into: &output,
      deferring: &checks
    )
    guard isRead else { return false }
    try source.confirm(output.byteCount, is: end, afterReading: range.count, at: offset)
    return true
  }

  /// Bytes of a disk that need not be copied to be sent.
  public enum BytesInPlace {
    /// A part of an array.
    case memory([UInt8], Range<Int>)
    /// A part of a file of the host, until the checks that it was put among are passed.
    case file(BorrowedBytes)
  }

  /// The array that has the bytes of a range, if one has.
  ///
  /// - Parameters:
  ///   - range: The bytes.
  ///   - segment: What ``soleSegment(of:)`` said of the range.
  /// - Returns: The bytes, or `nil` if they come from elsewhere.
  public func memory(of range: Range<Int>, in segment: SoleSegment) -> BytesInPlace? {
    guard let (bytes, start) = array(of: range, in: segment) else { return nil }
    return .memory(bytes, start..<start + range.count)
  }

  /// The place in memory of bytes of a host file, if that is where they are.
  ///
  /// - Parameters:
  ///   - range: The bytes.
  ///   - segment: What ``soleSegment(of:)`` said of the range.
  ///   - checks: Receives the file; what was sent of it has a meaning only if they then
  ///     pass.
  /// - Returns: The bytes, or `nil` if they have to be read.
  public func mapping(
    of range: Range<Int>,
    in segment: SoleSegment,
    deferring checks: inout DeferredChecks
  ) -> BytesInPlace? {
    guard let (source, offset) = source(of: range, in: segment), let file = source as? HostFile
    else { return nil }
    return file.place(of: range.count, at: offset, deferring: &checks).map { .file($0) }
  }
}
