/// Base64, the encoding of RFC 4648.
package enum Base64 {
  /// Which texts are accepted.
  package enum Form: Sendable {
    /// The digits of section 4, padded.
    case standard
    /// The digits of section 4 or of section 5 (`-` and `_`, for URLs), padded
    /// or not.
    case lenient
  }

  /// Why a text is not Base64, and at which of its bytes.
  package struct Failure: Error, Equatable {
    package var problem: String
    package var offset: Int
  }

  /// Decodes a text; white space does not count.
  package static func decode(
    _ text: [UInt8],
    as form: Form = .standard
  ) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var digitCount = 0
    var paddingCount = 0
    for (offset, byte) in text.enumerated() where byte != 0x20 && !(0x09...0x0D).contains(byte) {
      if byte == UInt8(ascii: "=") {
        paddingCount += 1
        guard digitCount + paddingCount <= 4, digitCount >= 2 else {
          throw Failure(problem: "there is a = too many", offset: offset)
        }
        continue
      }
      guard let value = value(of: byte, form) else {
        throw Failure(problem: "not a digit of Base64", offset: offset)
      }
      guard paddingCount == 0 else {
        throw Failure(problem: "nothing may follow the =", offset: offset)
      }
      group = group << 6 | UInt32(value)
      digitCount += 1
      if digitCount == 4 {
        bytes += [UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)]
        (group, digitCount) = (0, 0)
      }
    }
    let isComplete = digitCount == 0 || digitCount + paddingCount == 4
    guard isComplete || form == .lenient && digitCount >= 2 && paddingCount == 0 else {
      let advice = form == .standard ? "; = fills up the last four" : ""
      throw Failure(problem: "the text is too short" + advice, offset: text.count)
    }
    if digitCount == 3 { bytes += [UInt8(group >> 10 & 255), UInt8(group >> 2 & 255)] }
    if digitCount == 2 { bytes.append(UInt8(group >> 4 & 255)) }
    return bytes
  }

  private static func value(of digit: UInt8, _ form: Form) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    case UInt8(ascii: "-") where form == .lenient: 62
    case UInt8(ascii: "_") where form == .lenient: 63
    default: nil
    }
  }

  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
  )

  /// Encodes bytes with the digits of section 5 and no padding: a text that
  /// stands in a URI as it is.
  package static func encodeForURL(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for digit in 0...group.count { text.append(digits[value >> (18 - 6 * digit) & 63]) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
