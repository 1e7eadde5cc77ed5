/// The heads of replies of the second phase; what they carry follows them.
public enum Reply {
  /// Size of a simple reply in bytes.
  public static let simpleSize = 16

  /// Size of a structured reply chunk's head in bytes.
  public static let chunkSize = 20

  /// Most bytes of any head below, the fixed part of its payload included.
  public static let headLimit = 64

  /// Appends a simple reply.
  ///
  /// Data follows one of a successful read.
  public static func appendSimple(
    cookie: UInt64,
    error: ErrorNumber?,
    to output: inout OutputRawSpan
  ) {
    output.append(bigEndian: Magic.simpleReply)
    output.append(bigEndian: error?.rawValue ?? 0)
    output.append(bigEndian: cookie)
  }

  private static func appendChunk(
    _ type: ChunkType,
    cookie: UInt64,
    isLast: Bool,
    payloadSize: Int,
    to output: inout OutputRawSpan
  ) {
    output.append(bigEndian: Magic.structuredReply)
    output.append(bigEndian: UInt16(isLast ? 1 : 0))
    output.append(bigEndian: type.rawValue)
    output.append(bigEndian: cookie)
    output.append(bigEndian: UInt32(payloadSize))
  }

  /// Appends the head of a chunk with data; `count` bytes follow, the first
  /// being the one at `offset` of the export.
  public static func appendData(
    cookie: UInt64,
    isLast: Bool,
    offset: Int,
    count: Int,
    to output: inout OutputRawSpan
  ) {
    appendChunk(.offsetData, cookie: cookie, isLast: isLast, payloadSize: 8 + count, to: &output)
    output.append(bigEndian: UInt64(offset))
  }

  /// Appends a chunk that says that bytes are zero.
  public static func appendHole(
    cookie: UInt64,
    isLast: Bool,
    offset: Int,
    count: Int,
    to output: inout OutputRawSpan
  ) {
    appendChunk(.offsetHole, cookie: cookie, isLast: isLast, payloadSize: 12, to: &output)
    output.append(bigEndian: UInt64(offset))
    output.append(bigEndian: UInt32(count))
  }

  /// Appends a chunk that ends a reply and carries nothing.
  public static func appendNone(cookie: UInt64, to output: inout OutputRawSpan) {
    appendChunk(.none, cookie: cookie, isLast: true, payloadSize: 0, to: &output)
  }

  /// Appends a chunk that ends a reply with an error and a text for people, of
  /// which at most ``errorMessageLimit`` bytes are sent.
  public static func appendError(
    cookie: UInt64,
    error: ErrorNumber,
    message: StaticString,
    to output: inout OutputRawSpan
  ) {
    let text = message.description.utf8.prefix(errorMessageLimit)
    appendChunk(.error, cookie: cookie, isLast: true, payloadSize: 6 + text.count, to: &output)
    output.append(bigEndian: error.rawValue)
    output.append(bigEndian: UInt16(text.count))
    for byte in text { output.append(byte) }
  }

  /// Most bytes of an error's text.
  public static let errorMessageLimit = 128

  /// Appends the head of a chunk with block status; `count` descriptors follow.
  public static func appendBlockStatus(
    cookie: UInt64,
    context: MetaContext,
    count: Int,
    to output: inout OutputRawSpan
  ) {
    appendChunk(
      .blockStatus,
      cookie: cookie,
      isLast: true,
      payloadSize: 4 + BlockStatusDescriptor.size * count,
      to: &output
    )
    output.append(bigEndian: context.identifier)
  }
}

/// What a chunk carries (`NBD_REPLY_TYPE_*`).
struct ChunkType: RawRepresentable, Hashable, Sendable {
  var rawValue: UInt16

  static let none = ChunkType(rawValue: 0)
  static let offsetData = ChunkType(rawValue: 1)
  static let offsetHole = ChunkType(rawValue: 2)
  static let blockStatus = ChunkType(rawValue: 5)
  static let error = ChunkType(rawValue: 1 << 15 | 1)
}

/// One run of a block status reply.
public struct BlockStatusDescriptor: Sendable, Equatable {
  /// Size of a descriptor in bytes.
  public static let size = 8

  /// Number of bytes, not 0.
  public var length: UInt32
  /// How they are stored, in the terms of the context.
  public var state: AllocationState

  /// Creates a descriptor.
  public init(length: UInt32, state: AllocationState) {
    self.length = length
    self.state = state
  }

  /// Appends the 8 bytes.
  public func encode(into output: inout OutputRawSpan) {
    output.append(bigEndian: length)
    output.append(bigEndian: state.rawValue)
  }
}

/// How bytes are stored, in the terms of `base:allocation`.
public struct AllocationState: OptionSet, Sendable {
  /// The bits on the wire.
  public var rawValue: UInt32

  /// Creates a state from its bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `NBD_STATE_HOLE`: nothing is allocated.
  public static let hole = AllocationState(rawValue: 1 << 0)
  /// `NBD_STATE_ZERO`: the bytes read as zeros.
  public static let zero = AllocationState(rawValue: 1 << 1)
}

/// The errors that replies may carry.
public enum ErrorNumber: UInt32, Sendable {
  /// `NBD_EPERM`: the export is read-only.
  case notPermitted = 1
  /// `NBD_EIO`: the bytes cannot be read.
  case inputOutput = 5
  /// `NBD_EINVAL`: the request makes no sense.
  case invalid = 22
  /// `NBD_EOVERFLOW`: the request is too long.
  case overflow = 75
  /// `NBD_ESHUTDOWN`: the server is about to end.
  case shuttingDown = 108
}
