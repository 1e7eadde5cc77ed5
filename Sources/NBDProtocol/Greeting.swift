/// What a server says first, and what a client answers.
public enum Greeting {
  /// Size of the client's answer, its flags.
  public static let clientFlagsSize = 4

  /// The 18 bytes that open a connection: fixed newstyle, with both handshake
  /// flags offered.
  public static func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: Magic.greeting)
    bytes.append(bigEndian: Magic.option)
    bytes.append(bigEndian: HandshakeFlags.all.rawValue)
    return bytes
  }
}

/// `NBD_FLAG_FIXED_NEWSTYLE`, `NBD_FLAG_NO_ZEROES`, and the client's answers,
/// which have the same bits.
struct HandshakeFlags: OptionSet, Sendable {
  var rawValue: UInt16

  static let fixedNewstyle = HandshakeFlags(rawValue: 1)
  static let noZeroes = HandshakeFlags(rawValue: 2)
  static let all: HandshakeFlags = [.fixedNewstyle, .noZeroes]
}
