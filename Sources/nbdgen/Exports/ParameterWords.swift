import GeneratorKit

/// A generator's parameters in a file, as the words that they are on the command
/// line.
struct ParameterWords {
  private let manual: Manual

  /// The words in the order of the file.
  private(set) var words: [String] = []

  private(set) var problems: [(position: FilePosition?, text: String)] = []

  /// Where each word is.
  private var positions: [FilePosition?] = []

  init(for manual: Manual) { self.manual = manual }

  /// Takes the value of `parameters:`, and checks it against the manual.
  ///
  /// - Parameters:
  ///   - node: The value, `nil` if there is none.
  ///   - owner: What is to blame if something is missing.
  mutating func read(_ node: YAMLNode?, _ owner: YAMLNode) {
    switch node?.content {
    case nil, .scalar("", isPlain: true): break
    case .mapping(let mapping): readMapping(mapping)
    case .sequence(let items): for item in items { readItem(item) }
    case .scalar:
      report("parameters: is a mapping of names to values, or a list", node ?? owner)
    }
    guard problems.isEmpty else { return }
    do throws(GeneratorError) {
      _ = try Parameters(words, for: manual)
    } catch {
      let word: String? = if case .usage(let word, _) = error { word } else { nil }
      let index = word.flatMap { words.lastIndex(of: $0) }
      let position = index.flatMap { positions[$0] } ?? owner.position
      let text = ExportsReader.shown(error.lines.joined(separator: "; "))
      problems.append((position, text))
    }
  }

  /// An element of a list: a word, or a mapping, for an order that one mapping cannot
  /// have.
  private mutating func readItem(_ item: YAMLNode) {
    if case .mapping(let mapping) = item.content { return readMapping(mapping) }
    guard let word = text(of: item, manual.mainParameter) else { return }
    add(word, item)
  }

  private mutating func readMapping(_ mapping: [(key: YAMLNode, value: YAMLNode)]) {
    for (keyNode, value) in mapping {
      guard let key = keyNode.text, Self.isName(key) else {
        let name = ExportsReader.shown(keyNode.text ?? "")
        report("\(name): not the name of a parameter", keyNode)
        continue
      }
      guard case .sequence(let items) = value.content else {
        if let text = text(of: value, key) { add("\(key)=\(text)", keyNode) }
        continue
      }
      let parameter = manual.parameters.first { $0.name == key }
      if let parameter, !parameter.isRepeatable {
        report("\(key): is one value, not a list", value)
        continue
      }
      for item in items {
        if let text = text(of: item, key) { add("\(key)=\(text)", item) }
      }
    }
  }

  private mutating func add(_ word: String, _ node: YAMLNode) {
    words.append(word)
    positions.append(node.position)
  }

  private mutating func text(of node: YAMLNode, _ key: String) -> String? {
    do throws(FileProblems) {
      return try node.text(of: key)
    } catch {
      problems += error.all
      return nil
    }
  }

  private mutating func report(_ text: String, _ node: YAMLNode) {
    problems.append((node.position, text))
  }

  /// Whether a word that starts so is one of `key=value`.
  private static func isName(_ key: String) -> Bool {
    guard let first = key.utf8.first, isLetter(first) else { return false }
    return key.utf8.allSatisfy {
      isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || "._-".utf8.contains($0)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
