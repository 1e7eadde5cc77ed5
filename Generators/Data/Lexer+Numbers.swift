extension Lexer {
  /// Reads a C number: `0x` hexadecimal, `0` octal, or decimal.
  ///
  /// Digits are taken as long as they fit; what follows is the next token.
  mutating func unsignedNumber(
    _ what: StaticString,
    from start: Int
  ) throws(ExpressionError) -> UInt64 {
    var base: UInt64 = 10
    if peek() == UInt8(ascii: "0") {
      base = 8
      if peek(1) == UInt8(ascii: "x") || peek(1) == UInt8(ascii: "X") {
        base = 16
        skip(2)
        guard peek()?.hexValue != nil else {
          throw error("0x is followed by hexadecimal digits", from: start)
        }
      }
    }
    guard let first = peek()?.hexValue, UInt64(first) < base else {
      throw error("\(what) is missing, a number such as 10, 0x0A or 012", from: start)
    }
    var value: UInt64 = 0
    while let digit = peek()?.hexValue, UInt64(digit) < base {
      skip()
      let (shifted, overflowed) = value.multipliedReportingOverflow(by: base)
      let (sum, exceeded) = shifted.addingReportingOverflow(UInt64(digit))
      guard !overflowed, !exceeded else {
        _ = skip { $0.hexValue != nil }
        throw error("the number is larger than 2^64 - 1", from: start)
      }
      value = sum
    }
    return value
  }

  /// Reads a number of bytes or repetitions, which may have a unit, or the
  /// name of a variable that holds one.
  mutating func size(_ what: StaticString, from start: Int) throws(ExpressionError) -> Numeric {
    if peek() == UInt8(ascii: "$") { return .variable(try variable(from: offset)) }
    let value = try unsignedNumber(what, from: start)
    let (bytes, overflow) = value.multipliedReportingOverflow(by: unit())
    guard !overflow, let size = Int(exactly: bytes) else {
      throw error("\(what) is larger than 2^63 - 1", from: start)
    }
    return .literal(size)
  }

  /// Reads a unit, if one follows: a letter that nothing else is glued to.
  private mutating func unit() -> UInt64 {
    guard let letter = peek(), let unit = Self.units[letter | 0x20] else { return 1 }
    if let next = peek(1), next.isLetter || next.isDigit || next == UInt8(ascii: "_") { return 1 }
    skip()
    return unit
  }

  private static let units: [UInt8: UInt64] = [
    UInt8(ascii: "b"): 1, UInt8(ascii: "s"): 512, UInt8(ascii: "k"): 1 << 10,
    UInt8(ascii: "m"): 1 << 20, UInt8(ascii: "g"): 1 << 30, UInt8(ascii: "t"): 1 << 40,
    UInt8(ascii: "p"): 1 << 50, UInt8(ascii: "e"): 1 << 60,
  ]

  /// Reads a size that may have white space and a sign before it.
  mutating func signedNumber(
    _ what: StaticString,
    from start: Int
  ) throws(ExpressionError) -> Numeric {
    _ = skip { $0.isSpace }
    if skip("-") {
      if case .literal(0)? = try? size(what, from: start) { return .literal(0) }
      _ = skip { $0.hexValue != nil }
      throw error("\(what) cannot be negative", from: start)
    }
    _ = skip("+")
    return try size(what, from: start)
  }

  /// Reads a move of the offset.
  mutating func move(from start: Int) throws(ExpressionError) -> Token.Move {
    if skip("@<=") { return .expectAtMost(try signedNumber("the largest offset", from: start)) }
    if skip("@=") { return .expect(try signedNumber("the expected offset", from: start)) }
    if skip("@+") { return .forward(try signedNumber("the distance", from: start)) }
    if skip("@-") { return .back(try signedNumber("the distance", from: start)) }
    if skip("@^") { return .align(try signedNumber("the alignment", from: start)) }
    skip()
    return .to(try size("the offset", from: start))
  }

  /// Reads `[N:M]`.
  mutating func slice(from start: Int) throws(ExpressionError) -> Token {
    skip()
    var from: Numeric?
    var to: Numeric?
    if peek() != UInt8(ascii: ":") {
      from = try signedNumber("the start of the slice", from: start)
    }
    guard skip(":") else {
      throw error("a slice is written [N:M], [N:] or [:M]; the : is missing", from: start)
    }
    if peek() != UInt8(ascii: "]") { to = try signedNumber("the end of the slice", from: start) }
    guard skip("]") else {
      throw error("a slice is written [N:M], [N:] or [:M]; the ] is missing", from: start)
    }
    return .slice(from: from, to: to)
  }

  /// Whether a word such as `le16:` comes next.
  var isWord: Bool { wordKind != nil }

  private static let words: [(name: [UInt8], word: Word)] = [2, 4, 8].flatMap { count in
    [
      (Array("le\(8 * count):".utf8), Word(byteCount: count, isLittleEndian: true)),
      (Array("be\(8 * count):".utf8), Word(byteCount: count, isLittleEndian: false)),
    ]
  }

  private var wordKind: (name: [UInt8], word: Word)? {
    Self.words.first { source.text[offset...].starts(with: $0.name) }
  }

  /// Reads a word of two, four or eight bytes.
  mutating func wordToken(from start: Int) throws(ExpressionError) -> Token {
    guard let (name, word) = wordKind else {
      throw error("le16:, be16: and so on to 64 make words", from: start)
    }
    skip(name.count)
    if peek() == UInt8(ascii: "$") { return .word(word, variable: try variable(from: offset)) }
    _ = skip("+")
    let value = try unsignedNumber("the value of the word", from: start)
    guard let bytes = word.encode(value) else {
      throw error("too large for a word of \(word.byteCount) bytes", from: start)
    }
    if let next = peek(), next.isLetter || next.isDigit || next == UInt8(ascii: "_") {
      skip()
      throw error("there is something behind the value of the word", from: start)
    }
    return .bytes(bytes)
  }
}
