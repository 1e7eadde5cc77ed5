/// Text as mtree(5) writes it: bytes that would be in the way are escapes of
/// vis(3).
enum EncodedName {
  /// Decodes the escapes of a word.
  ///
  /// Known are `\ooo`, `\xhh`, `\s` and C's letters, `\^c`, `\M-c` and `\M^c`, and
  /// punctuation that stands for itself.
  ///
  /// - Throws: What is wrong, and where.
  static func decode(_ word: ManifestWord) throws(ManifestError) -> [UInt8] {
    guard word.bytes.contains(UInt8(ascii: "\\")) else { return Array(word.bytes) }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(word.bytes.count)
    var rest = word.bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        decoded.append(byte)
        continue
      }
      let offset = rest.startIndex - 1 - word.bytes.startIndex
      guard let meant = escape(&rest) else {
        let place = word.place(after: offset)
        throw ManifestError("the backslash starts no escape; a backslash is \\\\", at: place)
      }
      decoded.append(meant)
    }
    return decoded
  }

  /// The byte that an escape stands for, whose backslash was taken already.
  private static func escape(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let first = rest.popFirst() else { return nil }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var value = Int(first & 7)
      for _ in 0..<2 {
        guard let digit = rest.first, digit & 0xF8 == 0x30 else { break }
        value = value << 3 | Int(digit & 7)
        rest.removeFirst()
      }
      return UInt8(exactly: value)
    case UInt8(ascii: "x"):
      let digits = rest.prefix(2)
      rest = rest.dropFirst(2)
      return digits.count == 2 ? Number.parse(digits, radix: 16).map { UInt8($0) } : nil
    case UInt8(ascii: "^"):
      return rest.popFirst().flatMap(control)
    case UInt8(ascii: "M"):
      guard let kind = rest.popFirst(), let byte = rest.popFirst() else { return nil }
      switch kind {
      case UInt8(ascii: "-"): return byte | 0x80
      case UInt8(ascii: "^"): return control(byte).map { $0 | 0x80 }
      default: return nil
      }
    default:
      if let byte = letters[first] { return byte }
      let isPunctuation =
        (0x21...0x2F).contains(first) || (0x3A...0x40).contains(first)
        || (0x5B...0x60).contains(first) || (0x7B...0x7E).contains(first)
      return isPunctuation || first == UInt8(ascii: " ") ? first : nil
    }
  }

  /// The control character that is written as `^` and a byte.
  private static func control(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "?"): 0x7F
    case 0x40...0x5F: byte - 0x40
    default: nil
    }
  }

  private static let letters: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "t"): 9, UInt8(ascii: "n"): 10,
    UInt8(ascii: "v"): 11, UInt8(ascii: "f"): 12, UInt8(ascii: "r"): 13, UInt8(ascii: "E"): 27,
    UInt8(ascii: "s"): 32,
  ]
}
