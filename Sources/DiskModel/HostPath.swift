/// Paths of the host, which may hold any bytes, for people.
package enum HostPath {
  /// The path as text that stays on its line and does nothing to a terminal:
  /// control characters are written as escapes, what is not UTF-8 as U+FFFD.
  package static func printable(_ path: some Collection<UInt8>) -> String {
    var text = ""
    for scalar in String(decoding: path, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case _ where breaksLines(scalar):
        let digits = String(scalar.value, radix: 16, uppercase: true)
        text += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
