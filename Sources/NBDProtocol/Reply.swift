/// What a reply says of the request that it answers, and the form that it has.
public struct ReplyAddress: Sendable, Equatable {
  /// The request's cookie.
  public var cookie: UInt64
  /// The request's offset, which extended headers repeat.
  public var offset: UInt64
  /// The form that was negotiated.
  public var form: ReplyForm

  /// Creates the address of a request.
  public init(_ request: Request, form: ReplyForm) {
    self.init(cookie: request.cookie, offset: request.offset, form: form)
  }

  /// Creates an address.
  public init(cookie: UInt64, offset: UInt64, form: ReplyForm) {
    self.cookie = cookie
    self.offset = offset
    self.form = form
  }
}

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
    _ address: ReplyAddress,
    error: ErrorNumber?,
    to output: inout OutputRawSpan
  ) {
    output.append(bigEndian: Magic.simpleReply)
    output.append(bigEndian: error?.rawValue ?? 0)
    output.append(bigEndian: address.cookie)
  }

  private static func appendChunk(
    _ type: ChunkType,
    _ address: ReplyAddress,
    isLast: Bool,
    payloadSize: Int,
    to output: inout OutputRawSpan
  ) {
    let isExtended = address.form == .extended
    output.append(bigEndian: isExtended ? Magic.extendedReply : Magic.structuredReply)
    output.append(bigEndian: UInt16(isLast ? 1 : 0))
    output.append(bigEndian: type.rawValue)
    output.append(bigEndian: address.cookie)
    if isExtended {
      output.append(bigEndian: address.offset)
      output.append(bigEndian: UInt64(payloadSize))
    } else {
      output.append(bigEndian: UInt32(payloadSize))
    }
  }

  /// Appends the head of a chunk with data; `count` bytes follow, the first
  /// being the one at `offset` of the export.
  public static func appendData(
    _ address: ReplyAddress,
    isLast: Bool,
    offset: Int,
    count: Int,
    to output: inout OutputRawSpan
  ) {
    appendChunk(.offsetData, address, isLast: isLast, payloadSize: 8 + count, to: &output)
    output.append(bigEndian: UInt64(offset))
  }

  /// Appends a chunk that says that bytes are zero.
  public static func appendHole(
    _ address: ReplyAddress,
    isLast: Bool,
    offset: Int,
    count: Int,
    to output: inout OutputRawSpan
  ) {
    appendChunk(.offsetHole, address, isLast: isLast, payloadSize: 12, to: &output)
    output.append(bigEndian: UInt64(offset))
    output.append(bigEndian: UInt32(count))
  }

  /// Appends a chunk that ends a reply and carries nothing.
  public static func appendNone(_ address: ReplyAddress, to output: inout OutputRawSpan) {
    appendChunk(.none, address, isLast: true, payloadSize: 0, to: &output)
  }

  /// Appends a chunk that ends a reply with an error and a text for people, of
  /// which at most ``errorMessageLimit`` bytes are sent.
  public static func appendError(
    _ address: ReplyAddress,
    error: ErrorNumber,
    message: StaticString,
    to output: inout OutputRawSpan
  ) {
    let text = message.description.utf8.prefix(errorMessageLimit)
    appendChunk(.error, address, isLast: true, payloadSize: 6 + text.count, to: &output)
    output.append(bigEndian: error.rawValue)
    output.append(bigEndian: UInt16(text.count))
    for byte in text { output.append(byte) }
  }

  /// Most bytes of an error's text.
  public static let errorMessageLimit = 128

  /// Appends the head of a chunk with block status; `count` descriptors follow.
  ///
  /// The last of several contexts' chunks ends the reply.
  public static func appendBlockStatus(
    _ address: ReplyAddress,
    context: MetaContext,
    count: Int,
    isLast: Bool,
    to output: inout OutputRawSpan
  ) {
    let isExtended = address.form == .extended
    let fixedSize = isExtended ? 8 : 4
    appendChunk(
      isExtended ? .extendedBlockStatus : .blockStatus,
      address,
      isLast: isLast,
      payloadSize: fixedSize + BlockStatusDescriptor.size(address.form) * count,
      to: &output
    )
    output.append(bigEndian: context.identifier)
    if isExtended { output.append(bigEndian: UInt32(count)) }
  }
}

/// What a chunk carries (`NBD_REPLY_TYPE_*`).
struct ChunkType: RawRepresentable, Hashable, Sendable {
  var rawValue: UInt16

  static let none = ChunkType(rawValue: 0)
  static let offsetData = ChunkType(rawValue: 1)
  static let offsetHole = ChunkType(rawValue: 2)
  static let blockStatus = ChunkType(rawValue: 5)
  static let extendedBlockStatus = ChunkType(rawValue: 6)
  static let error = ChunkType(rawValue: 1 << 15 | 1)
}

/// One run of a block status reply.
public struct BlockStatusDescriptor: Sendable, Equatable {
  /// Size of a descriptor in bytes.
  public static func size(_ form: ReplyForm) -> Int { form == .extended ? 16 : 8 }

  /// Most bytes that one descriptor can be about.
  public static func lengthLimit(_ form: ReplyForm) -> Int {
    form == .extended ? .max : Int(UInt32.max)
  }

  /// Number of bytes, not 0, and without extended headers below 2^32.
  public var length: Int
  /// Their state, in the terms of the context.
  public var state: UInt32

  /// Creates a descriptor.
  public init(length: Int, state: UInt32) {
    self.length = length
    self.state = state
  }

  /// Appends the descriptor.
  public func encode(_ form: ReplyForm, into output: inout OutputRawSpan) {
    if form == .extended {
      output.append(bigEndian: UInt64(length))
      output.append(bigEndian: UInt64(state))
    } else {
      output.append(bigEndian: UInt32(length))
      output.append(bigEndian: state)
    }
  }
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
