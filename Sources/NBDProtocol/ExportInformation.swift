/// What a client is told of an export before it uses it.
public struct ExportInformation: Sendable, Equatable {
  /// The name that the export has; at most 4,096 bytes without NUL.
  public var name: [UInt8]

  /// A text for people, of at most 4,096 bytes too; empty for none.
  public var description: String

  /// Size in bytes.
  public var size: UInt64

  /// Whether all connections to the export see the same bytes
  /// (`NBD_FLAG_CAN_MULTI_CONN`).
  public var isSameForAll: Bool

  /// Creates a description of an export.
  public init(name: [UInt8], description: String, size: UInt64, isSameForAll: Bool = true) {
    self.name = name
    self.description = description
    self.size = size
    self.isSameForAll = isSameForAll
  }
}

/// Why a client does not get an export.
public struct ExportRefusal: Error, Equatable {
  /// What is wrong, for the client's user: one line, of which 4,096 bytes are
  /// sent.
  public var message: String

  /// Creates a refusal.
  public init(_ message: String) { self.message = message }

  /// Nobody has heard of an export of this name.
  public static let notThere = ExportRefusal("there is no export of this name; see NBD_OPT_LIST")
}

/// The sizes of requests that a server takes (`NBD_INFO_BLOCK_SIZE`), in bytes.
public enum BlockSizes {
  /// Any offset and length will do.
  public static let minimum: UInt32 = 1
  /// What is best: a page.
  public static let preferred: UInt32 = 4096
  /// Most bytes of data in one reply; nbdkit's limit, twice what the
  /// specification asks for.
  public static let maximumPayload: UInt32 = 1 << 26
}

/// What a server can do with an export (`NBD_FLAG_*` in transmission flags).
struct TransmissionFlags: OptionSet, Sendable {
  var rawValue: UInt16

  static let hasFlags = TransmissionFlags(rawValue: 1 << 0)
  static let readOnly = TransmissionFlags(rawValue: 1 << 1)
  static let sendFlush = TransmissionFlags(rawValue: 1 << 2)
  static let sendFUA = TransmissionFlags(rawValue: 1 << 3)
  static let sendDF = TransmissionFlags(rawValue: 1 << 7)
  static let canMultiConn = TransmissionFlags(rawValue: 1 << 8)
  static let sendCache = TransmissionFlags(rawValue: 1 << 10)
  static let blockStatusPayload = TransmissionFlags(rawValue: 1 << 12)

  /// What a read-only disk offers.
  ///
  /// Flushing costs nothing and is offered because some clients insist on it.
  static let readOnlyDisk: TransmissionFlags = [
    .hasFlags, .readOnly, .sendFlush, .sendFUA, .sendCache,
  ]
}

/// What `NBD_REP_INFO` is about (`NBD_INFO_*`).
struct InformationType: RawRepresentable, Hashable, Sendable {
  var rawValue: UInt16

  static let export = InformationType(rawValue: 0)
  static let name = InformationType(rawValue: 1)
  static let description = InformationType(rawValue: 2)
  static let blockSize = InformationType(rawValue: 3)
}
