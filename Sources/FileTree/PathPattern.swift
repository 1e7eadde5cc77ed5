/// A pattern for names or paths, as in rsync(1) and gitignore(5), which compares
/// bytes.
///
/// Matching takes time in proportion to the text's length times the pattern's,
/// whatever they are.
package struct PathPattern: Equatable, Sendable {
  private var tokens: [Token] = []

  /// Whether the whole path from the root is compared, without a leading slash, and
  /// not the name alone.
  package private(set) var comparesPaths = false

  /// Whether it is for directories only.
  package private(set) var isForDirectories = false

  private enum Token: Equatable, Sendable {
    case byte(UInt8)
    /// `?`: any byte but a slash.
    case any
    /// `[a-z]`: a byte of a set, never a slash.
    case set(ByteSet)
    /// `*`: any bytes but slashes.
    case star
    /// `**`: any bytes.
    case doubleStar
    /// `**/` in place of directories: none, or any bytes and a slash.
    case directories
  }

  /// Why a text is no pattern.
  package struct Failure: Error, Equatable {
    package var problem: String
  }

  private static let slash = UInt8(ascii: "/")

  /// Reads a pattern.
  package init(_ text: String) throws(Failure) {
    var rest = Array(text.utf8)[...]
    if rest.last == Self.slash {
      isForDirectories = true
      rest.removeLast()
    }
    comparesPaths = rest.contains(Self.slash)
    if rest.first == Self.slash { rest.removeFirst() }
    guard !rest.isEmpty else { throw Failure(problem: "the pattern is empty") }
    while let byte = rest.popFirst() { tokens.append(try Self.token(byte, &rest, tokens.last)) }
  }

  private static func token(
    _ byte: UInt8,
    _ rest: inout ArraySlice<UInt8>,
    _ before: Token?
  ) throws(Failure) -> Token {
    switch byte {
    case UInt8(ascii: "\\"):
      guard let escaped = rest.popFirst() else {
        throw Failure(problem: "nothing follows the backslash; a backslash is \\\\")
      }
      return .byte(escaped)
    case UInt8(ascii: "?"):
      return .any
    case UInt8(ascii: "["):
      return .set(try ByteSet(&rest))
    case UInt8(ascii: "*"):
      let more = rest.prefix { $0 == byte }
      rest = rest.dropFirst(more.count)
      if more.isEmpty { return .star }
      guard before == nil || before == .byte(slash) || before == .directories,
        rest.first == slash
      else { return .doubleStar }
      rest.removeFirst()
      return .directories
    default:
      return .byte(byte)
    }
  }

  /// Whether all of a text is as the pattern says.
  package func matches(_ text: some Collection<UInt8>) -> Bool {
    // The positions in the pattern where what was read so far can have led.
    var states = [Bool](repeating: false, count: tokens.count + 1)
    enter(0, &states)
    for byte in text {
      var next = [Bool](repeating: false, count: tokens.count + 1)
      var isAlive = false
      for state in tokens.indices where states[state] {
        isAlive = true
        step(state, byte, &next)
      }
      guard isAlive else { return false }
      states = next
    }
    return states[tokens.count]
  }

  /// Gets to a position, and to those behind what may stand for nothing.
  private func enter(_ position: Int, _ states: inout [Bool]) {
    var position = position
    while true {
      states[position] = true
      guard position < tokens.count else { return }
      switch tokens[position] {
      case .star, .doubleStar, .directories: position += 1
      case .byte, .any, .set: return
      }
    }
  }

  private func step(_ state: Int, _ byte: UInt8, _ next: inout [Bool]) {
    let isSlash = byte == Self.slash
    switch tokens[state] {
    case .byte(let wanted): if byte == wanted { enter(state + 1, &next) }
    case .any: if !isSlash { enter(state + 1, &next) }
    case .set(let set): if !isSlash && set.contains(byte) { enter(state + 1, &next) }
    case .star: if !isSlash { enter(state, &next) }
    case .doubleStar: enter(state, &next)
    case .directories:
      next[state] = true
      if isSlash { enter(state + 1, &next) }
    }
  }
}

/// Bytes that a pattern has in brackets.
struct ByteSet: Equatable, Sendable {
  private var words: [UInt64] = [0, 0, 0, 0]
  private var isInverted = false

  /// Reads what follows the bracket, and the one that closes it.
  init(_ rest: inout ArraySlice<UInt8>) throws(PathPattern.Failure) {
    if rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^") {
      isInverted = true
      rest.removeFirst()
    }
    var isFirst = true
    while true {
      guard let first = Self.byte(&rest, isFirst: isFirst) else {
        guard rest.popFirst() != nil else {
          throw .init(problem: "a bracket is not closed; a bracket itself is \\[")
        }
        return
      }
      isFirst = false
      var last = first
      if rest.first == UInt8(ascii: "-"), rest.count > 1, rest.dropFirst().first != 0x5D {
        rest.removeFirst()
        last = Self.byte(&rest, isFirst: true) ?? first
      }
      guard first <= last else {
        throw .init(problem: "a range in brackets is the wrong way round")
      }
      for byte in first...last { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    }
  }

  /// The next byte that belongs to the set; `nil` at the closing bracket and at the end.
  private static func byte(_ rest: inout ArraySlice<UInt8>, isFirst: Bool) -> UInt8? {
    guard let byte = rest.first, byte != 0x5D || isFirst else { return nil }
    rest.removeFirst()
    return byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte
  }

  func contains(_ byte: UInt8) -> Bool {
    (words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1) != isInverted
  }
}
