import DataGenerator

/// The `%XX` of URIs (RFC 3986, section 2.1).
enum PercentEncoding {
  /// The bytes that `text` stands for; `nil` if a `%` is not followed by two
  /// hexadecimal digits.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
