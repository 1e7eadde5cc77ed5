/// Base64 as RFC 4648, section 4, has it: padded, with white space anywhere.
enum Base64 {
  /// Why a text is not Base64, and at which of its bytes.
  struct Failure: Error, Equatable {
    var problem: String
    var offset: Int
  }

  /// Decodes a text.
  static func decode(_ text: [UInt8]) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var digitCount = 0
    var paddingCount = 0
    for (offset, byte) in text.enumerated() where !byte.isSpace {
      if byte == UInt8(ascii: "=") {
        paddingCount += 1
        guard digitCount + paddingCount <= 4, digitCount >= 2 else {
          throw Failure(problem: "there is a = too many", offset: offset)
        }
        continue
      }
      guard let value = value(of: byte) else {
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
    guard digitCount == 0 || digitCount + paddingCount == 4 else {
      throw Failure(problem: "the text is too short; = fills up the last four", offset: text.count)
    }
    if digitCount == 3 { bytes += [UInt8(group >> 10 & 255), UInt8(group >> 2 & 255)] }
    if digitCount == 2 { bytes.append(UInt8(group >> 4 & 255)) }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
