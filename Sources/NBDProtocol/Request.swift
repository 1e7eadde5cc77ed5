/// A request of the second phase, as it is on the wire.
public struct Request: Sendable, Equatable {
  /// What the client wants.
  public var command: Command
  /// How it wants it.
  public var flags: CommandFlags
  /// What the reply has to carry.
  public var cookie: UInt64
  /// First byte that the request is about.
  public var offset: UInt64
  /// Number of bytes that it is about, or that follow it.
  public var length: UInt64

  /// Size of a request in bytes, without what may follow it.
  public static func size(_ form: ReplyForm) -> Int { form == .extended ? 32 : 28 }

  /// Decodes a request; `nil` if it does not start with the magic of its form.
  ///
  /// - Precondition: There are ``size(_:)`` bytes.
  public init?(decoding bytes: RawSpan, form: ReplyForm) {
    let isExtended = form == .extended
    let magic = isExtended ? Magic.extendedRequest : Magic.request
    guard bytes.bigEndian(at: 0, as: UInt32.self) == magic else { return nil }
    flags = CommandFlags(rawValue: bytes.bigEndian(at: 4, as: UInt16.self))
    command = Command(rawValue: bytes.bigEndian(at: 6, as: UInt16.self))
    cookie = bytes.bigEndian(at: 8, as: UInt64.self)
    offset = bytes.bigEndian(at: 16, as: UInt64.self)
    length =
      isExtended
      ? bytes.bigEndian(at: 24, as: UInt64.self) : UInt64(bytes.bigEndian(at: 24, as: UInt32.self))
  }

  /// Number of bytes that follow the request: the data of a write, or with extended
  /// headers whatever a flag announces.
  public func payloadSize(_ form: ReplyForm) -> UInt64 {
    let hasPayload = form == .extended ? flags.contains(.payloadLength) : command == .write
    return hasPayload ? length : 0
  }
}

/// In which form requests are replied to, as it was negotiated.
public enum ReplyForm: Sendable, Equatable {
  /// One simple reply for each request.
  case simple
  /// Chunks, of which reads always consist (`NBD_OPT_STRUCTURED_REPLY`).
  case structured
  /// Chunks only, with headers of 32 bytes, as requests have them too
  /// (`NBD_OPT_EXTENDED_HEADERS`).
  case extended
}

/// What a request wants (`NBD_CMD_*`).
public struct Command: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  public var rawValue: UInt16

  /// Creates a command from its number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Read bytes.
  public static let read = Command(rawValue: 0)
  /// Write the bytes that follow.
  public static let write = Command(rawValue: 1)
  /// End the connection.
  public static let disconnect = Command(rawValue: 2)
  /// Make earlier writes durable.
  public static let flush = Command(rawValue: 3)
  /// Forget bytes.
  public static let trim = Command(rawValue: 4)
  /// Prepare bytes for reading.
  public static let cache = Command(rawValue: 5)
  /// Write zeros.
  public static let writeZeroes = Command(rawValue: 6)
  /// Tell how bytes are stored.
  public static let blockStatus = Command(rawValue: 7)
}

/// How a request wants it (`NBD_CMD_FLAG_*`).
public struct CommandFlags: OptionSet, Sendable {
  /// The bits on the wire.
  public var rawValue: UInt16

  /// Creates flags from their bits.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The effect is durable before the reply; nothing to do for a reader.
  public static let forceUnitAccess = CommandFlags(rawValue: 1 << 0)
  /// Zeros are written as data.
  public static let noHole = CommandFlags(rawValue: 1 << 1)
  /// `NBD_CMD_FLAG_DF`: the data is not split into chunks.
  public static let dontFragment = CommandFlags(rawValue: 1 << 2)
  /// One extent is enough.
  public static let requestOne = CommandFlags(rawValue: 1 << 3)
  /// Zeros are written only if that is faster than writing data.
  public static let fastZero = CommandFlags(rawValue: 1 << 4)
  /// The length is that of what follows the request (extended headers only).
  public static let payloadLength = CommandFlags(rawValue: 1 << 5)
}
