import DiskModel

/// YAML that may come from anybody: without aliases and tags, and with errors that
/// say where.
struct YAMLText: ~Copyable {
  private let bytes: [UInt8]
  private var events: YAMLEvents

  /// How deep a document may be; a file of exports has seven levels at most.
  private static let levelLimit = 32

  /// The one document's outermost node.
  static func root(of bytes: [UInt8]) throws(FileProblems) -> YAMLNode {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw FileProblems("not UTF-8; save the file in that encoding", at: invalidLine(of: bytes))
    }
    var text = YAMLText(bytes)
    return try text.readDocument()
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    events = YAMLEvents(bytes)
  }

  private mutating func readDocument() throws(FileProblems) -> YAMLNode {
    var root: YAMLNode?
    while true {
      let event = try next()
      switch event.kind {
      case .streamStart, .documentEnd: break
      case .streamEnd:
        guard let root else {
          let start = FilePosition(line: 1, column: 1)
          throw FileProblems("the file is empty; it begins with exports:", at: start)
        }
        return root
      case .documentStart:
        guard root == nil else {
          let problem = "a second document; the file is one, without --- in it"
          throw FileProblems(problem, at: event.position)
        }
        root = try readNode(try next(), level: 1)
      case .alias, .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
        preconditionFailure("nodes are in documents")
      }
    }
  }

  /// Reads the node that an event begins.
  private mutating func readNode(
    _ event: YAMLEvents.Event,
    level: Int
  ) throws(FileProblems) -> YAMLNode {
    guard level <= Self.levelLimit else {
      throw FileProblems("nested too deep; the form has four levels", at: event.position)
    }
    switch event.kind {
    case .scalar(let text, let isPlain, let tag):
      let content = YAMLNode.Content.scalar(text, isPlain: isPlain)
      return YAMLNode(content: content, position: event.position, tag: tag)
    case .sequenceStart(let tag):
      let nodes = try readSequence(level + 1)
      return YAMLNode(content: .sequence(nodes), position: event.position, tag: tag)
    case .mappingStart(let tag):
      let pairs = try readMapping(level + 1)
      return YAMLNode(content: .mapping(pairs), position: event.position, tag: tag)
    case .alias:
      // A few of them make billions of nodes.
      let problem = "an alias; write out what it stands for, or put it into quotes"
      throw FileProblems(problem, at: event.position)
    case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      preconditionFailure("the parser's events are nested")
    }
  }

  private mutating func readSequence(_ level: Int) throws(FileProblems) -> [YAMLNode] {
    var nodes: [YAMLNode] = []
    while true {
      let event = try next()
      if case .sequenceEnd = event.kind { return nodes }
      nodes.append(try readNode(event, level: level))
    }
  }

  private mutating func readMapping(
    _ level: Int
  ) throws(FileProblems) -> [(key: YAMLNode, value: YAMLNode)] {
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    var positions: [String: FilePosition] = [:]
    while true {
      let event = try next()
      if case .mappingEnd = event.kind { return pairs }
      let key = try readNode(event, level: level)
      if let text = key.text, let first = positions.updateValue(key.position, forKey: text) {
        let name = ExportsReader.shown(text)
        let problem = "\(name): is given here and once more below; keep one of them"
        throw FileProblems(problem, at: first)
      }
      pairs.append((key, try readNode(try next(), level: level)))
    }
  }

  /// The next event; what goes wrong is told for people.
  private mutating func next() throws(FileProblems) -> YAMLEvents.Event {
    do throws(YAMLEvents.Failure) {
      return try events.next()
    } catch {
      switch error {
      case .outOfMemory:
        throw FileProblems("there is not enough memory for the file", at: nil)
      case .character(let value, let offset):
        let code = String(value, radix: 16, uppercase: true)
        throw FileProblems(
          "the character U+\(code) is not allowed here; leave it out",
          at: position(of: offset)
        )
      case .syntax(let problem, let position, let startLine):
        throw FileProblems(describe(problem, startLine, at: position), at: position)
      }
    }
  }

  private func describe(_ problem: String, _ startLine: Int?, at position: FilePosition) -> String {
    let lines = bytes.split(
      separator: UInt8(ascii: "\n"),
      maxSplits: position.line,
      omittingEmptySubsequences: false
    )
    let line = position.line <= lines.count ? lines[position.line - 1] : []
    let scalars = String(decoding: line, as: UTF8.self).unicodeScalars
    let start = startLine.map { ", in what starts on line \($0)" } ?? ""
    let advice =
      switch scalars.dropFirst(position.column - 1).first {
      case "\t": "; indent with spaces, not with a tab"
      case "@", "`", "%", "*", "&", "!", "|", ">": "; put the value into quotes"
      default: "; check indentation and quotes"
      }
    return "not YAML: \(problem)\(start)\(advice)"
  }

  /// The place of a byte; columns are characters.
  private func position(of index: Int) -> FilePosition {
    let before = bytes.prefix(index)
    let newline = UInt8(ascii: "\n")
    let lineStart = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    return FilePosition(
      line: before.count { $0 == newline } + 1,
      column: String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
    )
  }

  /// The line in which bytes are no UTF-8.
  private static func invalidLine(of bytes: [UInt8]) -> FilePosition? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
    return index.map { FilePosition(line: $0 + 1, column: 1) }
  }
}
