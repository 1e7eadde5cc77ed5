import TestSupport

/// A random expression over all of the language, made from a seed.
///
/// The sizes of what is written are kept, so that most offsets and slices are
/// valid, and few disks are large. Some expressions are broken on purpose.
struct RandomExpression: CustomStringConvertible {
  let seed: UInt64

  /// The parameters for nbdgen; `DIR/` in a path stands for the folder with
  /// ``files``.
  private(set) var words: [String] = []

  /// The same for nbdkit, without what only nbdgen has.
  private(set) var plainWords: [String] = []

  /// Whether characters of the expression were changed.
  private(set) var isMutated = false

  /// Files that expressions name, and their content.
  static let files: [String: [UInt8]] = [
    "empty": [], "one": [7], "ten": Array(48..<58), "zeros": Array(repeating: 0, count: 40_000),
    "mixed": (0..<70_000).map { $0 / 9000 % 2 == 0 ? UInt8(truncatingIfNeeded: $0) : 0 },
  ]

  /// No random one: what another one was reduced to.
  init(words: [String]) {
    (seed, self.words, plainWords) = (0, words, words)
  }

  init(seed: UInt64) {
    self.seed = seed
    var writer = ExpressionWriter(random: SeededGenerator(seed: seed))
    writer.inventVariables()
    var expression = writer.list(names: [:], depth: 0, budget: 1 << 20).text
    var variables = writer.variables
    if writer.chance(0.15) {
      isMutated = true
      if let index = variables.indices.randomElement(using: &writer.random), writer.chance(0.2) {
        variables[index].text = writer.mutate(variables[index].text)
      } else {
        expression = writer.mutate(expression)
      }
    }
    var words = ["data=" + expression] + variables.map { "\($0.name)=\($0.text)" }
    words += writer.numbers.enumerated().map { "n\($0)=\($1)" }
    if writer.chance(0.1) {
      words.append("size=\(writer.random.anyMagnitude(below: 100_000))")
    }
    self.words = words.map { ExpressionWriter.choose(.nbdgen, in: $0) }
    plainWords = words.map { ExpressionWriter.choose(.nbdkit, in: $0) }
  }

  /// The parameters for the shell, and where they come from.
  var description: String {
    let quoted = words.map { "'" + $0.split(separator: "'").joined(separator: #"'\''"#) + "'" }
    return "seed \(seed): \(quoted.joined(separator: " "))"
  }

  /// All texts in the language among the parameters.
  var texts: [String] {
    words.filter { !$0.hasPrefix("size=") }.map { String($0.drop { $0 != "=" }.dropFirst()) }
  }
}

/// Writes random expressions.
struct ExpressionWriter {
  var random: SeededGenerator
  private(set) var variables: [Variable] = []

  /// Values of the variables `$n0`, `$n1` and so on, which stand for numbers.
  var numbers: [Int] = []

  /// Whether the sizes of all pieces are known.
  var isExact = true

  init(random: SeededGenerator) { self.random = random }

  /// A parameter that expressions can use.
  struct Variable {
    var name: String
    var text: String
    /// What it makes, but for the bytes of the name that it ends with.
    var size: Int
    /// A name that has to be defined where the variable is used.
    var free: String?
  }

  /// A part of an expression, and how many bytes it makes.
  struct Piece {
    var text: String
    var size: Int
  }

  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &random) < probability
  }

  mutating func pick(_ choices: [String]) -> String {
    choices.randomElement(using: &random) ?? ""
  }

  mutating func inventVariables() {
    for name in ["v", "W_2", "long9"] where chance(0.3) {
      let body = list(names: [:], depth: 2, budget: 1 << 12)
      let free = chance(0.25) ? "a" : nil
      let text = body.text + (free.map { " \\\($0)" } ?? "")
      variables.append(Variable(name: name, text: text, size: body.size, free: free))
    }
  }

  /// A list of up to `budget` bytes, where `names` of so many bytes are known.
  mutating func list(names: [String: Int], depth: Int, budget: Int) -> Piece {
    var (names, text, offset, size) = (names, "", 0, 0)
    let count = depth == 0 ? Int.random(in: 1...9, using: &random) : random.anyMagnitude(below: 6)
    for _ in 0..<count {
      text += separator(after: text)
      if isExact, chance(0.02) {
        text += either(pick(["@=\(offset) ", "@<=\(offset + count) "]), "")
      }
      if chance(0.2) {
        let move = move(from: offset, budget: budget)
        text += move.text
        offset = move.size
      } else {
        let rest = max(0, (budget - offset) / 2)
        let operand = postfixed(operand(names: names, depth: depth, budget: rest), budget: rest)
        text += operand.text
        if chance(0.15) {
          let name = pick(["a", "b", "c", "x-1", "_9", "A"])
          text += blank() + "->" + (chance(0.2) ? "" : " ") + "\\" + name
          names[name] = operand.size
        } else {
          offset += operand.size
        }
      }
      size = max(size, offset)
    }
    if chance(0.05) { text += " # the end" + (depth == 0 ? "" : "\n") }
    return Piece(text: text, size: size)
  }

  private mutating func operand(names: [String: Int], depth: Int, budget: Int) -> Piece {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<30: return byte()
    case 30..<42: return word()
    case 42..<58: return string()
    case 58..<76 where depth < 5:
      let inner = list(names: names, depth: depth + 1, budget: budget / 2)
      let text = "(" + blank() + inner.text + separator(after: inner.text) + ")"
      return Piece(text: text, size: inner.size)
    case 76..<88:
      guard let name = names.keys.sorted().randomElement(using: &random), !chance(0.02) else {
        return chance(0.1) ? Piece(text: "\\nobody ", size: 0) : byte()
      }
      let end = chance(0.1) ? either("", " ") : " "
      return Piece(text: "\\" + name + end, size: names[name] ?? 0)
    case 88..<93:
      guard let variable = variables.randomElement(using: &random), !chance(0.02) else {
        return chance(0.1) ? Piece(text: "$nobody", size: 0) : string()
      }
      let extra = variable.free.map { names[$0] } ?? 0
      guard let extra else { return string() }
      return Piece(text: "$" + variable.name + blank(), size: variable.size + extra)
    case 93..<99: return file()
    default: return script()
    }
  }

  private mutating func file() -> Piece {
    let name = chance(0.02) ? "none" : pick(RandomExpression.files.keys.sorted())
    let size = RandomExpression.files[name]?.count ?? 0
    let file = Piece(text: "<DIR/\(name)", size: size)
    guard chance(0.4) else { return Piece(text: file.text + " ", size: size) }
    // Slices of bare files may reach behind the end.
    let end = random.anyMagnitude(below: 2 * size + 20)
    let start = random.anyMagnitude(below: end + 1)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return Piece(text: file.text + "[\(start):]", size: max(0, size - start))
    case 1: return Piece(text: file.text + " [:\(end)]", size: min(end, size))
    default:
      return Piece(text: file.text + "[\(start):\(end)]", size: max(0, min(end, size) - start))
    }
  }

  private mutating func script() -> Piece {
    let text = pick(["abc", "(x)", "1 2 3", "zero"])
    let end = Int.random(in: 1...text.count + 3, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return Piece(text: "<(printf '\(text)'; exit 3)[:\(end)]", size: min(end, text.count))
    case 1: return Piece(text: "<(printf x; exit 1)", size: 0)
    default: return Piece(text: "<(printf '\(text)')", size: text.count)
    }
  }
}
