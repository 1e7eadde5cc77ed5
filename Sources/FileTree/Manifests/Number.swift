/// Numbers as manifests write them.
enum Number {
  /// The value of digits; `nil` if there is none, something else, or more than an
  /// `Int` holds.
  static func parse(_ digits: some Collection<UInt8>, radix: Int = 10) -> Int? {
    guard !digits.isEmpty else { return nil }
    var value = 0
    for digit in digits {
      guard let one = self.digit(digit), one < radix else { return nil }
      let (product, overflows) = value.multipliedReportingOverflow(by: radix)
      guard !overflows else { return nil }
      let (sum, alsoOverflows) = product.addingReportingOverflow(one)
      guard !alsoOverflows else { return nil }
      value = sum
    }
    return value
  }

  /// A number as C writes it: decimal, octal after `0`, or hexadecimal after `0x`.
  static func parseAsInC(_ text: ArraySlice<UInt8>) -> Int? {
    guard text.first == UInt8(ascii: "0"), text.count > 1 else { return parse(text) }
    let rest = text.dropFirst()
    return rest.first == UInt8(ascii: "x") || rest.first == UInt8(ascii: "X")
      ? parse(rest.dropFirst(), radix: 16) : parse(rest, radix: 8)
  }

  /// Whether all bytes are hexadecimal digits.
  static func isHexadecimal(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.allSatisfy { digit($0) != nil }
  }

  private static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte & 15)
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
      Int(byte & 15) + 9
    default: nil
    }
  }
}
