/// One answer to an option (`NBD_REP_*`).
struct OptionReply: Sendable {
  /// The option as the client sent it.
  var option: OptionCode
  var type: OptionReplyType
  var data: [UInt8]

  init(_ option: OptionCode, _ type: OptionReplyType, data: [UInt8] = []) {
    self.option = option
    self.type = type
    self.data = data
  }

  /// An error with a text for people, of which as many characters are sent as
  /// a string may have bytes.
  init(_ option: OptionCode, _ type: OptionReplyType, message: String) {
    var text = message.utf8.prefix(stringLimit)[...]
    while text.endIndex < message.utf8.endIndex, message.utf8[text.endIndex] & 0xC0 == 0x80 {
      text = text.dropLast()
    }
    self.init(option, type, data: Array(text))
  }

  func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: Magic.optionReply)
    bytes.append(bigEndian: option.rawValue)
    bytes.append(bigEndian: type.rawValue)
    bytes.append(bigEndian: UInt32(data.count))
    return bytes + data
  }
}

/// What an option reply says; errors have bit 31.
struct OptionReplyType: RawRepresentable, Hashable, Sendable {
  var rawValue: UInt32

  static let acknowledgement = OptionReplyType(rawValue: 1)
  static let server = OptionReplyType(rawValue: 2)
  static let information = OptionReplyType(rawValue: 3)
  static let metaContext = OptionReplyType(rawValue: 4)

  static let unsupported = OptionReplyType(rawValue: 1 << 31 | 1)
  static let policy = OptionReplyType(rawValue: 1 << 31 | 2)
  static let invalid = OptionReplyType(rawValue: 1 << 31 | 3)
  static let tlsRequired = OptionReplyType(rawValue: 1 << 31 | 5)
  static let unknown = OptionReplyType(rawValue: 1 << 31 | 6)
  static let shutdown = OptionReplyType(rawValue: 1 << 31 | 7)
  static let extendedHeaderRequired = OptionReplyType(rawValue: 1 << 31 | 10)
}

/// Longest string in the protocol, in bytes: names, messages, queries.
public let stringLimit = 4096
