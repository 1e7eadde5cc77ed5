/// The smallest parts of an expression.
enum Token {
  /// A number that stands for a byte.
  case byte(UInt8)
  /// The bytes of a string or of a word such as `le16:1`.
  case bytes([UInt8])
  case open
  case close
  case move(Move)
  /// `*N`
  case times(Numeric)
  /// `[N:M]`
  case slice(from: Numeric?, to: Numeric?)
  /// `->`
  case arrow
  /// `\name`
  case name(String)
  /// `$name`
  case variable(String)
  /// `<path`
  case file([UInt8])
  /// `<(script)`
  case script([UInt8])
  /// `le16:$name` and the like.
  case word(Word, variable: String)
  case end

  /// What to do with the offset.
  enum Move {
    case to(Numeric)
    case forward(Numeric)
    case back(Numeric)
    case align(Numeric)
    /// `@=N`: the offset has to be N.
    case expect(Numeric)
    /// `@<=N`: the offset may be N at most.
    case expectAtMost(Numeric)
  }
}

/// A number, or the name of a variable that holds one.
enum Numeric {
  case literal(Int)
  case variable(String)
}

/// An integer of several bytes: `le16`, `be64` and so on.
struct Word {
  var byteCount: Int
  var isLittleEndian: Bool

  /// The bytes of `value`, or `nil` if it is too large.
  func encode(_ value: UInt64) -> [UInt8]? {
    guard byteCount == 8 || value >> (8 * UInt64(byteCount)) == 0 else { return nil }
    let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    return isLittleEndian ? bytes : bytes.reversed()
  }
}
