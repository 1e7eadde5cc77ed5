/// Makes a syntax tree of an expression.
///
/// A variable's text is an expression of its own and becomes a group; it is
/// parsed where it is used, so that errors can tell the way there.
struct Parser {
  private var lexer: Lexer
  private let limits: ExpressionLimits
  private let variables: Variables
  private let depth: Int

  /// How deep the last operand is nested, and then the list.
  private var height = 0

  /// Looks up what `$name` stands for.
  typealias Variables = (String) -> [UInt8]?

  /// Parses all of `source`.
  static func parse(
    _ source: Source,
    limits: ExpressionLimits = .own,
    variables: Variables
  ) throws(ExpressionError) -> SyntaxList {
    try withoutActuallyEscaping(variables) { variables throws(ExpressionError) in
      var parser = Parser(Lexer(source), limits, variables, depth: 0)
      return try parser.list(endingWith: nil)
    }
  }

  private init(
    _ lexer: Lexer,
    _ limits: ExpressionLimits,
    _ variables: @escaping Variables,
    depth: Int
  ) {
    self.lexer = lexer
    self.limits = limits
    self.variables = variables
    self.depth = depth
  }

  /// Parses up to the end, or to the parenthesis that closes `opening`.
  private mutating func list(endingWith opening: Position?) throws(ExpressionError) -> SyntaxList {
    var list: SyntaxList = []
    var tallest = 0
    while true {
      let (token, position) = try lexer.next()
      switch token {
      case .end:
        height = tallest
        guard let opening else { return list }
        throw ExpressionError("this ( is never closed; a ) is missing", at: opening)
      case .close:
        height = tallest
        guard opening == nil else { return list }
        throw ExpressionError("there is no ( that this ) would close", at: position)
      case .move(let move):
        list.append(Element(kind: .move(try resolve(move, position)), position: position))
      case .times, .slice, .arrow:
        try applyPostfix(token, position, to: &list)
      default:
        height = 0
        list.append(Element(kind: .term(try operand(token, position)), position: position))
      }
      tallest = max(tallest, height)
    }
  }

  private mutating func operand(
    _ token: Token,
    _ position: Position
  ) throws(ExpressionError) -> Term {
    switch token {
    case .byte(let byte): return .bytes([byte])
    case .bytes(let bytes): return .bytes(bytes)
    case .name(let name): return .name(Name(name), position)
    case .file(let path): return .file(path, position)
    case .script(let script): return .script(script, position)
    case .word(let word, let name):
      let value = try number(name, position)
      guard let bytes = word.encode(UInt64(value)) else {
        throw ExpressionError("too large for a word of \(word.byteCount) bytes", at: position)
      }
      return .bytes(bytes)
    case .open:
      var inner = try nested(lexer, position)
      let list = try inner.list(endingWith: position)
      lexer = inner.lexer
      height = inner.height + 1
      return .group(list)
    case .variable(let name):
      let source = try source(of: name, position)
      var inner = try nested(Lexer(source), position)
      let list = try inner.list(endingWith: nil)
      height = inner.height + 1
      return .group(list)
    case .close, .move, .times, .slice, .arrow, .end:
      preconditionFailure("the caller deals with what is no operand")
    }
  }

  private func nested(_ lexer: Lexer, _ position: Position) throws(ExpressionError) -> Parser {
    guard depth < limits.depth else {
      throw ExpressionError("nested more than \(limits.depth) deep", at: position)
    }
    return Parser(lexer, limits, variables, depth: depth + 1)
  }

  /// The text of a variable.
  private func source(of name: String, _ position: Position) throws(ExpressionError) -> Source {
    var referrer = position.source
    while let place = referrer.referrer {
      if referrer.name == name {
        throw ExpressionError("$\(name) refers to itself", at: position)
      }
      referrer = place.source
    }
    guard let text = variables(name) else {
      throw ExpressionError(
        "$\(name) \(limits.unknownVariable)",
        at: position
      )
    }
    return Source(text, name: name, referrer: position)
  }

  /// The value of a variable that stands where a number should be.
  private func number(_ name: String, _ position: Position) throws(ExpressionError) -> Int {
    let source = try source(of: name, position)
    var lexer = Lexer(source)
    _ = lexer.skip { $0.isSpace }
    let numeric = try lexer.size("a number", from: lexer.offset)
    _ = lexer.skip { $0.isSpace }
    guard lexer.peek() == nil else {
      lexer.skip()
      throw lexer.error("$\(name) has to be a number here, and nothing else", from: 0)
    }
    switch numeric {
    case .literal(let value): return value
    case .variable(let other):
      return try number(other, Position(source: source, range: 0..<source.text.count))
    }
  }

  private func resolve(_ numeric: Numeric, _ position: Position) throws(ExpressionError) -> Int {
    switch numeric {
    case .literal(let value): value
    case .variable(let name): try number(name, position)
    }
  }

  private func resolve(
    _ move: Token.Move,
    _ position: Position
  ) throws(ExpressionError) -> Element.Move {
    switch move {
    case .to(let number): return .to(try resolve(number, position))
    case .forward(let number): return .forward(try resolve(number, position))
    case .back(let number): return .back(try resolve(number, position))
    case .expect(let number): return .expect(try resolve(number, position))
    case .expectAtMost(let number): return .expectAtMost(try resolve(number, position))
    case .align(let number):
      let alignment = try resolve(number, position)
      guard alignment > 0, alignment & (alignment - 1) == 0 else {
        throw ExpressionError("an alignment is a power of two", at: position)
      }
      return .align(alignment)
    }
  }

  /// Applies `*N`, `[N:M]` or `-> \name` to the last thing in the list.
  private mutating func applyPostfix(
    _ token: Token,
    _ position: Position,
    to list: inout SyntaxList
  ) throws(ExpressionError) {
    height += 1
    guard height <= limits.depth else {
      throw ExpressionError("nested more than \(limits.depth) deep", at: position)
    }
    guard let last = list.popLast() else {
      throw ExpressionError("there is nothing before this that it could apply to", at: position)
    }
    let operand: Term
    switch last.kind {
    case .term(let term): operand = term
    // A definition stays where it is, and stands for nothing itself.
    case .definition:
      operand = .group([last])
    case .move:
      throw ExpressionError("this cannot apply to a move of the offset", at: position)
    }
    var element = last
    switch token {
    case .times(let count):
      element.kind = .term(.repeated(operand, try resolve(count, position), position))
    case .slice(let from, let to):
      let start = try from.map { numeric throws(ExpressionError) in try resolve(numeric, position) }
      let end = try to.map { numeric throws(ExpressionError) in try resolve(numeric, position) }
      element.kind = .term(.slice(operand, from: start, to: end, position))
    default:
      let (next, place) = try lexer.next()
      guard case .name(let name) = next else {
        throw ExpressionError("-> is followed by a name, such as \\a", at: place)
      }
      element.kind = .definition(name: Name(name), operand)
    }
    list.append(element)
  }
}
