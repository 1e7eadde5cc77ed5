/// What a client is told of an export before it uses it.
public struct ExportInformation: Sendable, Equatable {
  /// The name that the export has; at most 4,096 bytes of UTF-8 without NUL.
  public var name: String

  /// A text for people, of the same kind; empty for none.
  public var description: String

  /// Size in bytes.
  public var size: UInt64

  /// Creates a description of an export.
  public init(name: String, description: String, size: UInt64) {
    self.name = name
    self.description = description
    self.size = size
  }
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

  /// What a read-only disk offers.
  ///
  /// Flushing costs nothing and is offered because some clients insist on it;
  /// every connection sees the same bytes.
  static let readOnlyDisk: TransmissionFlags = [
    .hasFlags, .readOnly, .sendFlush, .sendFUA, .canMultiConn, .sendCache,
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
