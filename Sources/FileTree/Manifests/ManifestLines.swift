import DiskModel

/// A word of a manifest as it is written, and where it stands.
struct ManifestWord: Sendable {
  var bytes: ArraySlice<UInt8>
  var place: ManifestPlace

  /// The bytes as text, for keywords and messages.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The bytes as text that does nothing to a terminal, and not too much of it.
  var printable: String {
    let limit = 60
    let text = HostPath.printable(bytes.prefix(limit))
    return bytes.count > limit ? text + "..." : text
  }

  /// What follows the first `count` bytes.
  func dropFirst(_ count: Int) -> ManifestWord {
    ManifestWord(bytes: bytes.dropFirst(count), place: place(after: count))
  }

  /// Where the byte after the first `count` stands; words do not go over lines.
  func place(after count: Int) -> ManifestPlace {
    ManifestPlace(line: place.line, column: place.column + count)
  }

  /// The bytes before and after the first `=`; the latter is `nil` without one.
  var parts: (key: String, value: ManifestWord?) {
    guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { return (text, nil) }
    let key = String(decoding: bytes[..<equals], as: UTF8.self)
    return (key, dropFirst(equals - bytes.startIndex + 1))
  }

  func error(_ problem: String) -> ManifestError { ManifestError(problem, at: place) }
}

/// Takes the bytes of a manifest apart into lines, and these into words.
///
/// Words are separated by blanks. A backslash and the byte after it belong
/// together; at the end of a line it joins that with the next one. A word that
/// starts with `#` starts a comment, which ends with the line.
struct ManifestLines {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  /// Where the current line starts.
  private var start = 0
  private var isInLine = false

  private static let newline = UInt8(ascii: "\n")
  private static let backslash = UInt8(ascii: "\\")

  /// Whether a backslash is more than a byte like others.
  private let hasEscapes: Bool

  init(_ bytes: [UInt8], hasEscapes: Bool = true) {
    self.bytes = bytes
    self.hasEscapes = hasEscapes
  }

  /// Where the reader is.
  var place: ManifestPlace { ManifestPlace(line: line, column: position - start + 1) }

  /// Goes to the next line that has words, leaving out what is left of this one.
  ///
  /// - Returns: Its first word; `nil` at the end.
  mutating func nextLine() -> ManifestWord? {
    while isInLine && nextWord() != nil {}
    isInLine = true
    while true {
      if let word = nextWord() { return word }
      guard position < bytes.count else { return nil }
      startLine(at: position + 1)
    }
  }

  /// The next word of the line, or `nil` at its end.
  mutating func nextWord() -> ManifestWord? {
    skipBlanks()
    guard position < bytes.count, bytes[position] != Self.newline else { return nil }
    if bytes[position] == UInt8(ascii: "#") {
      position = bytes[position...].firstIndex(of: Self.newline) ?? bytes.count
      return nil
    }
    let place = place
    let first = position
    while position < bytes.count, !isBlank(at: position), bytes[position] != Self.newline {
      if hasEscapes && bytes[position] == Self.backslash {
        if lineEnd(at: position + 1) != nil { break }
        position += 1
      }
      position += 1
    }
    position = min(position, bytes.count)
    return ManifestWord(bytes: bytes[first..<position], place: place)
  }

  private mutating func startLine(at offset: Int) {
    position = offset
    start = offset
    line += 1
  }

  /// Blanks, and line ends with a backslash in front.
  private mutating func skipBlanks() {
    while position < bytes.count {
      if isBlank(at: position) {
        position += 1
      } else if hasEscapes, bytes[position] == Self.backslash, let next = lineEnd(at: position + 1)
      {
        startLine(at: next)
      } else {
        return
      }
    }
  }

  /// Whether there is a blank, as which a carriage return before a line's end counts.
  private func isBlank(at offset: Int) -> Bool {
    switch bytes[offset] {
    case UInt8(ascii: " "), UInt8(ascii: "\t"): true
    case UInt8(ascii: "\r"): offset + 1 == bytes.count || bytes[offset + 1] == Self.newline
    default: false
    }
  }

  /// Where the next line starts if this one ends at `offset`.
  private func lineEnd(at offset: Int) -> Int? {
    guard offset < bytes.count else { return nil }
    if bytes[offset] == Self.newline { return offset + 1 }
    let isReturn = bytes[offset] == UInt8(ascii: "\r") && isBlank(at: offset)
    return isReturn ? min(offset + 2, bytes.count) : nil
  }
}
