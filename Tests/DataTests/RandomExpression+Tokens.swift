import TestSupport

extension ExpressionWriter {
  /// The program that a text is for.
  enum Program {
    case nbdgen, nbdkit
  }

  /// What nbdgen gets where nbdkit gets something that means the same.
  func either(_ extended: String, _ plain: String) -> String {
    "\u{E000}\(extended)\u{E001}\(plain)\u{E002}"
  }

  /// The text for one of the programs.
  static func choose(_ program: Program, in text: String) -> String {
    var result = ""
    var isWanted = true
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\u{E000}": isWanted = program == .nbdgen
      case "\u{E001}": isWanted = program == .nbdkit
      case "\u{E002}": isWanted = true
      default: if isWanted { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }

  /// White space that may be missing.
  mutating func blank() -> String { chance(0.8) ? "" : pick([" ", "\n", "\t", "  "]) }

  private static let blanks = [
    "\n", "\t", " \r ", " \u{B}", " \u{C}", "   ", " # a comment\n", " #\n", " #(\"\n",
  ]

  /// What separates two things; rarely nothing.
  mutating func separator(after text: String) -> String {
    guard !text.isEmpty else { return blank() }
    if chance(0.06), let last = text.last, "\")]".contains(last) { return "" }
    return chance(0.85) ? " " : pick(Self.blanks)
  }

  /// A number in some base; octal ones begin with 0.
  mutating func number(_ value: Int) -> String {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: "0x" + String(value, radix: 16, uppercase: true)
    case 1: pick(["0x0", "0X"]) + String(value, radix: 16)
    case 2: "0" + String(value, radix: 8)
    default: String(value)
    }
  }

  /// A number of bytes or of repetitions: with a unit, or in a variable.
  private mutating func size(_ value: Int) -> String {
    let plain = number(value)
    guard chance(0.03) else { return plain }
    if chance(0.5) {
      numbers.append(value)
      return either("$n\(numbers.count - 1)", plain)
    }
    let unit = [(1024, ["k", "K"]), (512, ["s", "S"]), (1, ["b", "B"])].first { value % $0.0 == 0 }
    guard let unit else { return plain }
    return either(String(value / unit.0) + pick(unit.1), plain)
  }

  /// A size with what `scanf` lets stand before it.
  private mutating func scanned(_ value: Int) -> String {
    (chance(0.1) ? pick([" ", "\n", " +", "+", "\t"]) : "") + size(value)
  }

  mutating func byte() -> Piece {
    if chance(0.003) {
      let odd = pick(["256", "0x", "4294967296", "0x100000055", "1e3"])
      return Piece(text: odd, size: 1)
    }
    if chance(0.005) {
      // Two bytes, of which a postfix takes the last: sizes are not known then.
      isExact = false
      return Piece(text: pick(["08", "0379"]), size: 2)
    }
    return Piece(text: number(chance(0.2) ? 0 : random.anyMagnitude(below: 256)), size: 1)
  }

  mutating func word() -> Piece {
    let bits = [16, 32, 64].randomElement(using: &random) ?? 16
    let limit = bits == 64 ? Int.max : 1 << bits
    var value = number(random.anyMagnitude(below: limit))
    if chance(0.03) {
      value = pick(["65535", "0xFFFFFFFF", "0xFFFFFFFFFFFFFFFF", "65536", "-1", ""])
    }
    if chance(0.05) { value = "+" + value }
    let end = chance(0.1) ? either("", " ") : " "
    return Piece(text: pick(["le", "be"]) + "\(bits):\(value)" + end, size: bits / 8)
  }

  mutating func string() -> Piece {
    var (text, size) = ("\"", 0)
    for _ in 0..<random.anyMagnitude(below: 12) {
      switch Int.random(in: 0..<20, using: &random) {
      case 0: text += "\\" + pick(["a", "b", "f", "n", "r", "t", "v", "\\", "\"", "q", "X"])
      case 1, 2: text += pick(["\\x00", "\\xfF", "\\x7a", "\\x00"])
      case 3:
        let sign = pick([" ", "#", "(", ")", "]", "->", "\n", "*2", "<", "@", "$v"])
        text += sign
        size += sign.count - 1
      case 4:
        text += "é"
        size += 1
      case 5 where chance(0.1):
        // A digit behind it may make it valid.
        isExact = false
        text += pick(["\\0", "\\u0041", "\\x1", "\\xg0"])
      default: text += pick(["a", "b", "Z", "0", "9"])
      }
      size += 1
    }
    return Piece(text: text + "\"", size: size)
  }

  /// A move of the offset, and where it leads.
  mutating func move(from offset: Int, budget: Int) -> Piece {
    let distance = random.anyMagnitude(below: min(budget, 1 << (chance(0.1) ? 18 : 10)))
    switch Int.random(in: 0..<10, using: &random) {
    case 0, 1: return Piece(text: "@+" + scanned(distance), size: offset + distance)
    case 2, 3:
      let distance = chance(0.03) ? distance : random.anyMagnitude(below: offset + 1)
      return Piece(text: "@-" + scanned(distance), size: max(0, offset - distance))
    case 4:
      let alignment = 1 << Int.random(in: 0...(chance(0.1) ? 16 : 10), using: &random)
      let next = (offset + alignment - 1) / alignment * alignment
      return Piece(text: "@^" + scanned(chance(0.01) ? distance : alignment), size: next)
    case 5, 6:
      let target = random.anyMagnitude(below: offset + 1)
      return Piece(text: "@" + size(target), size: target)
    default: return Piece(text: "@" + size(distance), size: distance)
    }
  }

  /// Something with repetitions and slices behind it, or without.
  mutating func postfixed(_ operand: Piece, budget: Int) -> Piece {
    var piece = operand
    while chance(0.22) {
      piece.text += blank()
      if chance(0.6) {
        let most = max(2, min(budget / max(1, piece.size), chance(0.05) ? 100_000 : 40))
        let count = random.anyMagnitude(below: most)
        piece.text += "*" + scanned(count)
        piece.size *= count
      } else {
        piece = slice(of: piece)
      }
    }
    return piece
  }

  private mutating func slice(of piece: Piece) -> Piece {
    var end = random.anyMagnitude(below: piece.size + 1)
    var start = random.anyMagnitude(below: end + 1)
    if chance(0.05) {
      // Files and scripts give less than they are asked for.
      isExact = false
      if chance(0.5) { end = random.anyMagnitude(below: 2 * piece.size + 9) }
      if chance(0.5) { start = random.anyMagnitude(below: 2 * piece.size + 9) }
    }
    if chance(0.05) { start = end }
    let close = chance(0.002) ? "" : "]"
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      let text = "[" + number(start) + ":" + close
      return Piece(text: piece.text + text, size: max(0, piece.size - start))
    case 1: return Piece(text: piece.text + "[:" + scanned(end) + close, size: end)
    case 2 where chance(0.3): return Piece(text: piece.text + "[:" + close, size: piece.size)
    default:
      let text = "[" + scanned(start) + ":" + scanned(end) + close
      return Piece(text: piece.text + text, size: max(0, end - start))
    }
  }

  /// Pieces that mutations put in.
  private static let fragments = [
    "(", ")", "*", "[", "]", ":", "@", "@+", "@-", "@^", "<", ">", "-", "->", "\\", "\\a", "$",
    "$v",
    "\"", "#", " ", "\n", "0", "1", "7", "9", "0x", "x", "k", "le16:", "be64:", "+", "=", "é",
    "\u{1}",
  ]

  /// The expression with one to three small changes, which mostly break it.
  mutating func mutate(_ expression: String) -> String {
    var characters = Array(Self.choose(.nbdkit, in: expression).unicodeScalars)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let index = Int.random(in: 0...characters.count, using: &random)
      let end = min(characters.count, index + Int.random(in: 1...3, using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0: characters.removeSubrange(index..<end)
      case 1: characters.replaceSubrange(index..<end, with: pick(Self.fragments).unicodeScalars)
      case 2: characters.insert(contentsOf: pick(Self.fragments).unicodeScalars, at: index)
      default: characters.insert(contentsOf: characters[index..<end], at: index)
      }
    }
    var changed = ""
    changed.unicodeScalars.append(contentsOf: characters)
    // Nobody knows what a changed script, or a new one, would do.
    return changed.contains("<(") ? expression : changed
  }
}
