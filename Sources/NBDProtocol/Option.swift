/// What a client asks for during negotiation (`NBD_OPT_*`).
struct OptionCode: RawRepresentable, Hashable, Sendable {
  var rawValue: UInt32

  static let exportName = OptionCode(rawValue: 1)
  static let abort = OptionCode(rawValue: 2)
  static let list = OptionCode(rawValue: 3)
  static let startTLS = OptionCode(rawValue: 5)
  static let info = OptionCode(rawValue: 6)
  static let go = OptionCode(rawValue: 7)
  static let structuredReply = OptionCode(rawValue: 8)
  static let listMetaContext = OptionCode(rawValue: 9)
  static let setMetaContext = OptionCode(rawValue: 10)
  static let extendedHeaders = OptionCode(rawValue: 11)

  /// What the specification calls it.
  var name: String {
    switch self {
    case .exportName: "NBD_OPT_EXPORT_NAME"
    case .abort: "NBD_OPT_ABORT"
    case .list: "NBD_OPT_LIST"
    case .startTLS: "NBD_OPT_STARTTLS"
    case .info: "NBD_OPT_INFO"
    case .go: "NBD_OPT_GO"
    case .structuredReply: "NBD_OPT_STRUCTURED_REPLY"
    case .listMetaContext: "NBD_OPT_LIST_META_CONTEXT"
    case .setMetaContext: "NBD_OPT_SET_META_CONTEXT"
    case .extendedHeaders: "NBD_OPT_EXTENDED_HEADERS"
    default: "option \(rawValue)"
    }
  }
}

/// The 16 bytes before an option's data.
public struct OptionHeader: Sendable, Equatable {
  /// Size of a header in bytes.
  public static let size = 16

  var code: OptionCode

  /// Bytes of data that follow.
  public var dataSize: Int

  /// Decodes a header; `nil` if it does not start with the option magic.
  ///
  /// - Precondition: There are 16 bytes.
  public init?(decoding bytes: [UInt8]) {
    precondition(bytes.count == Self.size, "an option header has 16 bytes")
    var reader = ByteReader(bytes)
    guard reader.read(UInt64.self) == Magic.option,
      let code = reader.read(UInt32.self),
      let dataSize = reader.read(UInt32.self)
    else { return nil }
    self.code = OptionCode(rawValue: code)
    self.dataSize = Int(dataSize)
  }
}
