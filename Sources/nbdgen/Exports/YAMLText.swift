import DiskModel
import Yams

/// YAML that may come from anybody: without aliases and tags, and with errors that
/// say where.
enum YAMLText {
  /// The one document's outermost node.
  ///
  /// It is as deep as 1,000 levels at most; on a thread with a small stack that may
  /// be too much.
  static func root(of bytes: [UInt8]) throws(FileProblems) -> Node {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileProblems("not UTF-8; save the file in that encoding", at: invalidLine(of: bytes))
    }
    // Before anything follows an alias: a few of them make billions of nodes.
    if let alias = firstAlias(in: bytes) {
      throw FileProblems("an alias; write out what it stands for", at: alias)
    }
    let root: Node?
    do {
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      root = try parser.singleRoot()
    } catch let error as YamlError {
      throw problems(error, text)
    } catch {
      throw FileProblems("\(error)", at: nil)
    }
    guard let root else {
      let start = FilePosition(line: 1, column: 1)
      throw FileProblems("the file is empty; it begins with exports:", at: start)
    }
    return root
  }

  /// The line in which bytes are no UTF-8.
  private static func invalidLine(of bytes: [UInt8]) -> FilePosition? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
    return index.map { FilePosition(line: $0 + 1, column: 1) }
  }

  /// Where something starts that may be an alias (`*name`) of an anchor (`&name`),
  /// wherever they are.
  private static func firstAlias(in bytes: [UInt8]) -> FilePosition? {
    let anchors = Set(names(behind: UInt8(ascii: "&"), in: bytes).map(\.name))
    guard !anchors.isEmpty else { return nil }
    for (name, index) in names(behind: UInt8(ascii: "*"), in: bytes) where anchors.contains(name) {
      return position(of: index, in: bytes)
    }
    return nil
  }

  /// The words that start behind a mark, and where the mark is.
  private static func names(
    behind mark: UInt8,
    in bytes: [UInt8]
  ) -> [(name: ArraySlice<UInt8>, index: Int)] {
    var names: [(ArraySlice<UInt8>, Int)] = []
    var index = 0
    while let found = bytes[index...].firstIndex(of: mark) {
      let name = bytes[(found + 1)...].prefix(while: isNameByte)
      if !name.isEmpty { names.append((name, found)) }
      index = found + 1
    }
    return names
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-".utf8.contains(byte)
  }

  /// The place of a byte; columns are characters.
  private static func position(of index: Int, in bytes: [UInt8]) -> FilePosition {
    let before = bytes[..<index]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return FilePosition(
      line: before.count { $0 == UInt8(ascii: "\n") } + 1,
      column: String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
    )
  }

  /// What the parser says, for people.
  private static func problems(_ error: YamlError, _ text: String) -> FileProblems {
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      return FileProblems(describe(problem, context, at: mark, text), at: FilePosition(mark))
    case .duplicatedKeysInMapping(let names, let context):
      let name = HostPath.printable((names.first ?? "").utf8)
      let problem = "\(name): is given here and once more below; keep one of them"
      return FileProblems(problem, at: FilePosition(context.mark))
    case .reader(_, let offset, let value, _):
      let index = text.index(text.startIndex, offsetBy: offset ?? 0, limitedBy: text.endIndex)
      let before = Array(text[..<(index ?? text.startIndex)].utf8)
      let code = String(max(value, 0), radix: 16, uppercase: true)
      return FileProblems(
        "the character U+\(code) is not allowed here; leave it out",
        at: position(of: before.count, in: before)
      )
    case .memory:
      return FileProblems("there is not enough memory for the file", at: nil)
    default:
      return FileProblems("not YAML", at: nil)
    }
  }

  private static func describe(
    _ problem: String,
    _ context: YamlError.Context?,
    at mark: Mark,
    _ text: String
  ) -> String {
    if problem.contains("nesting level") { return "nested too deep; the form has four levels" }
    if problem.contains("another document") {
      return "a second document; the file is one, without --- in it"
    }
    let lines = text.split(separator: "\n", maxSplits: mark.line, omittingEmptySubsequences: false)
    let line = mark.line <= lines.count ? lines[mark.line - 1] : ""
    let scalar = line.unicodeScalars.dropFirst(mark.column - 1).first
    let start = context.map { ", in what starts on line \($0.mark.line)" } ?? ""
    let advice =
      switch scalar {
      case "\t": "; indent with spaces, not with a tab"
      case "@", "`", "%", "*", "&", "!", "|", ">": "; put the value into quotes"
      default: "; check indentation and quotes"
      }
    return "not YAML: \(problem)\(start)\(advice)"
  }
}

extension FilePosition {
  init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}
