/// Takes an expression apart into tokens.
struct Lexer {
  let source: Source
  private(set) var offset = 0

  init(_ source: Source) { self.source = source }

  /// The byte `distance` behind the current one, or `nil` behind the end.
  func peek(_ distance: Int = 0) -> UInt8? {
    let index = offset + distance
    return index < source.text.count ? source.text[index] : nil
  }

  mutating func skip(_ count: Int = 1) { offset += count }

  /// Skips bytes as long as they are what is wanted; what was skipped.
  mutating func skip(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = offset
    while let byte = peek(), isWanted(byte) { offset += 1 }
    return source.text[start..<offset]
  }

  /// Skips `text` if it comes next; whether it did.
  mutating func skip(_ text: StaticString) -> Bool {
    let bytes = Array(text.description.utf8)
    guard source.text[offset...].starts(with: bytes) else { return false }
    offset += bytes.count
    return true
  }

  func error(_ problem: String, from start: Int) -> ExpressionError {
    ExpressionError(problem, at: Position(source: source, range: start..<max(offset, start)))
  }

  /// The next token, and where it is.
  mutating func next() throws(ExpressionError) -> (token: Token, position: Position) {
    skipBlanks()
    let start = offset
    let token = try token(from: start)
    return (token, Position(source: source, range: start..<offset))
  }

  /// Skips white space and comments.
  private mutating func skipBlanks() {
    while let byte = peek() {
      if byte.isSpace {
        offset += 1
      } else if byte == UInt8(ascii: "#") {
        _ = skip { $0 != UInt8(ascii: "\n") }
      } else {
        return
      }
    }
  }

  private mutating func token(from start: Int) throws(ExpressionError) -> Token {
    guard let byte = peek() else { return .end }
    switch Character(UnicodeScalar(byte)) {
    case "(":
      offset += 1
      return .open
    case ")":
      offset += 1
      return .close
    case "0"..."9":
      return try byteToken(from: start)
    case "l" where isWord, "b" where isWord:
      return try wordToken(from: start)
    case "\"":
      return .bytes(try string(from: start))
    case "@":
      return .move(try move(from: start))
    case "*":
      offset += 1
      return .times(try signedNumber("the number of repetitions", from: start))
    case "[":
      return try slice(from: start)
    case "-":
      guard skip("->") else {
        offset += 1
        throw error("there is no \"-\" here; -> binds a name", from: start)
      }
      return .arrow
    case "\\":
      return .name(try name(from: start))
    case "$":
      return .variable(try variable(from: start))
    case "<":
      return try input(from: start)
    default:
      offset += 1
      let text = ExpressionError.printable(source.text[start..<offset])
      throw error("\"\(text)\" means nothing here", from: start)
    }
  }

  private mutating func byteToken(from start: Int) throws(ExpressionError) -> Token {
    let value = try unsignedNumber("a byte", from: start)
    guard let byte = UInt8(exactly: value) else {
      throw error(
        "a byte is at most 255; le16: and be16: make words of larger numbers",
        from: start
      )
    }
    return .byte(byte)
  }

  /// Reads a string in quotes.
  private mutating func string(from start: Int) throws(ExpressionError) -> [UInt8] {
    var bytes: [UInt8] = []
    offset += 1
    while let byte = peek() {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return bytes
      case UInt8(ascii: "\\"): bytes.append(try escape())
      default: bytes.append(byte)
      }
    }
    throw error("the string has no end; a \" is missing", from: start)
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
    UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
  ]

  /// Reads what follows a backslash in a string.
  private mutating func escape() throws(ExpressionError) -> UInt8 {
    let start = offset - 1
    guard let byte = peek() else {
      throw error("the string has no end; a \" is missing", from: start)
    }
    offset += 1
    if let known = Self.escapes[byte] { return known }
    if byte == UInt8(ascii: "x") {
      guard let high = peek()?.hexValue, let low = peek(1)?.hexValue else {
        throw error("\\x is followed by two hexadecimal digits", from: start)
      }
      offset += 2
      return high << 4 | low
    }
    guard !byte.isDigit, byte != UInt8(ascii: "u") else {
      throw error("there is no such escape; \\x00 to \\xFF are any byte", from: start)
    }
    return byte
  }

  /// Reads `\name`.
  private mutating func name(from start: Int) throws(ExpressionError) -> String {
    offset += 1
    // A name may contain a dash, but not the one of an arrow.
    while let byte = peek(), byte.isNamePart,
      !(byte == UInt8(ascii: "-") && peek(1) == UInt8(ascii: ">"))
    {
      offset += 1
    }
    guard offset > start + 1 else { throw error("\\ is followed by a name", from: start) }
    return String(decoding: source.text[(start + 1)..<offset], as: UTF8.self)
  }

  /// Reads `$name`.
  mutating func variable(from start: Int) throws(ExpressionError) -> String {
    offset += 1
    guard let first = peek(), first.isLetter || first == UInt8(ascii: "_") else {
      throw error("$ is followed by the name of a variable, without braces", from: start)
    }
    let name = skip { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    return String(decoding: name, as: UTF8.self)
  }

  /// Reads `<path` or `<(script)`.
  private mutating func input(from start: Int) throws(ExpressionError) -> Token {
    offset += 1
    guard peek() == UInt8(ascii: "(") else {
      let ends: [UInt8] = Array("*[) \t\n".utf8)
      let path = skip { !ends.contains($0) }
      guard !path.isEmpty else { throw error("< is followed by the path of a file", from: start) }
      return .file(Array(path))
    }
    offset += 1
    var depth = 1
    let script = skip { byte in
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") { depth -= 1 }
      return depth > 0
    }
    guard peek() != nil else { throw error("the script has no end; a ) is missing", from: start) }
    offset += 1
    guard !script.isEmpty else { throw error("the script is empty", from: start) }
    return .script(Array(script))
  }
}

extension UInt8 {
  var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
  var isDigit: Bool { (0x30...0x39).contains(self) }
  var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }

  /// Whether it may be part of a `\name`.
  var isNamePart: Bool {
    isLetter || isDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
  }

  /// Its value as a hexadecimal digit.
  package var hexValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
