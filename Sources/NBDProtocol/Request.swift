/// A request of the second phase, as it is on the wire: 28 bytes.
public struct Request: Sendable, Equatable {
  /// Size of a request in bytes, without the payload of a write.
  public static let size = 28

  /// What the client wants.
  public var command: Command
  /// How it wants it.
  public var flags: CommandFlags
  /// What the reply has to carry.
  public var cookie: UInt64
  /// First byte that the request is about.
  public var offset: UInt64
  /// Number of bytes that it is about.
  public var length: UInt32

  /// Decodes a request; `nil` if it does not start with the request magic.
  ///
  /// - Precondition: There are 28 bytes.
  public init?(decoding bytes: RawSpan) {
    guard bytes.bigEndian(at: 0, as: UInt32.self) == Magic.request else { return nil }
    flags = CommandFlags(rawValue: bytes.bigEndian(at: 4, as: UInt16.self))
    command = Command(rawValue: bytes.bigEndian(at: 6, as: UInt16.self))
    cookie = bytes.bigEndian(at: 8, as: UInt64.self)
    offset = bytes.bigEndian(at: 16, as: UInt64.self)
    length = bytes.bigEndian(at: 24, as: UInt32.self)
  }

  /// Bytes that follow the request: the data of a write.
  public var payloadSize: Int { command == .write ? Int(length) : 0 }
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
}
