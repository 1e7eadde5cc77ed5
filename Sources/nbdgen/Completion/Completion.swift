import GeneratorKit

/// How a command line may go on at the cursor.
struct Completion {
  /// What the word at the cursor may become.
  private(set) var candidates: [Candidate] = []

  /// The start of the word after which paths of the host may follow, if they may.
  private(set) var paths: (kind: PathKind, prefix: String)?

  struct Candidate: Equatable {
    var text: String
    /// What it means, in a few words.
    var about: String
    /// Whether the word goes on after it.
    var isPrefix: Bool { text.hasSuffix("=") }
  }

  enum PathKind { case file, directory }

  /// The word at the cursor, as far as it is there.
  private let current: String
  private let tree: CommandTree
  private let manuals: [Manual]

  /// Finds out what may follow.
  ///
  /// - Parameters:
  ///   - words: The words after the program's name and before the cursor.
  ///   - current: The word at the cursor, as far as it is there.
  ///   - tree: The program's commands.
  ///   - manuals: Those of its generators.
  init(of words: [String], _ current: String, tree: CommandTree, manuals: [Manual]) {
    self.current = current
    self.tree = tree
    self.manuals = manuals
    var command = tree
    var rest = words[...]
    while let verb = command.shownSubcommands.first(where: { $0.name == rest.first }) {
      command = verb
      rest.removeFirst()
    }
    let verbs = rest.isEmpty ? command.shownSubcommands : []
    command = command.defaultCommand ?? command
    let line = Line(rest, of: command)
    if let option = line.openOption {
      add(valuesOf: option, after: "")
    } else if !line.isPlain, current.hasPrefix("-") {
      add(optionsOf: command)
    } else {
      for verb in verbs { add(verb.name, verb.abstract) }
      addPositional(of: command, after: line.positionals)
    }
  }

  /// What a shell reads: the kind, the text, and what it means, separated by tabs.
  ///
  /// The kinds are `word`, `start` for a word that goes on, and `file` or `directory`,
  /// with what is before the path.
  var lines: [String] {
    let path = paths.map { "\($0.kind)\t\($0.prefix)\t" }
    return candidates.map { "\($0.isPrefix ? "start" : "word")\t\($0.text)\t\($0.about)" }
      + (path.map { [$0] } ?? [])
  }

  // MARK: -

  /// Adds a candidate, if the word at the cursor can become it.
  private mutating func add(_ text: String, _ about: String?) {
    guard text.hasPrefix(current), !candidates.contains(where: { $0.text == text }) else { return }
    let sentence = (about ?? "").split(separator: ". ").first ?? ""
    let clause = sentence.split(separator: ";").first ?? ""
    let about = clause.hasSuffix(".") ? clause.dropLast() : clause
    candidates.append(Candidate(text: text, about: String(about)))
  }

  private mutating func add(optionsOf command: CommandTree) {
    for option in command.options + (command.arguments ?? []).filter(\.isHelp) {
      var isNamed = false
      for name in option.names ?? [] {
        // --tls=on and the like.
        let prefix = name.text + "="
        if option.kind == .option, name.kind == .long, current.hasPrefix(prefix) {
          add(valuesOf: option, after: prefix)
        }
        // One of several names that mean the same.
        if name.kind == .long, isNamed { continue }
        add(name.text, option.abstract)
        isNamed = isNamed || name.kind == .long && name.text.hasPrefix(current)
      }
    }
  }

  private mutating func add(valuesOf argument: CommandTree.Argument, after prefix: String) {
    for text in argument.completion?.list?.values ?? argument.allValues ?? [] {
      add(prefix + text, nil)
    }
    if argument.completion?.directory != nil {
      paths = (.directory, prefix)
    } else if argument.completion?.file != nil {
      paths = (.file, prefix)
    } else {
      add(valuesOf: argument.valueName ?? "", after: prefix)
    }
  }

  /// Adds paths, if what stands for a value says that it is one.
  private mutating func add(valuesOf name: String, after prefix: String) {
    if name.contains("directory") {
      paths = (.directory, prefix)
    } else if ["file", "path", "out", "image", "trace", "yaml"].contains(where: name.contains) {
      paths = (.file, prefix)
    }
  }

  private mutating func addPositional(of command: CommandTree, after words: [String]) {
    let positionals = command.positionals
    var index = 0
    for argument in positionals {
      if argument.isRecipe {
        let rest = words.dropFirst(index)
        if rest.count < argument.leaders.count {
          add(valuesOf: argument.leaders[rest.count].lowercased(), after: "")
        } else {
          addRecipe(Array(rest.dropFirst(argument.leaders.count)))
        }
        return
      }
      if index == words.count || argument.isRepeating {
        if argument.valueName == "generator" || command.name == "help" { addSubjects() }
        add(valuesOf: argument, after: "")
        return
      }
      index += 1
    }
  }

  /// Adds what can be explained.
  private mutating func addSubjects() {
    for manual in manuals { add(manual.name, manual.summary) }
    for verb in tree.shownSubcommands where verb.name != "help" { add(verb.name, verb.abstract) }
    for topic in HelpTopic.all { add(topic.name, topic.summary) }
  }

  /// Adds names of generators, or parameters of the one that is there.
  private mutating func addRecipe(_ words: [String]) {
    guard let name = words.first else {
      for manual in manuals { add(manual.name, manual.summary) }
      return
    }
    guard let manual = manuals.first(where: { $0.name == name }) else { return }
    if let equals = current.firstIndex(of: "=") {
      let key = current[..<equals]
      guard let parameter = manual.parameters.first(where: { $0.name == key }) else { return }
      add(valuesOf: parameter, after: "\(key)=")
      return
    }
    let given = Set(words.dropFirst().compactMap { $0.split(separator: "=").first })
    for parameter in manual.parameters
    where parameter.isRepeatable || !given.contains(parameter.name[...]) {
      add(parameter.name + "=", parameter.text)
    }
    if let main = manual.parameters.first(where: { $0.name == manual.mainParameter }) {
      paths = Self.pathKind(of: main).map { ($0, "") }
    }
  }

  private mutating func add(valuesOf parameter: Manual.Parameter, after prefix: String) {
    for value in parameter.value.split(separator: "|") where !value.contains(where: \.isUppercase) {
      add(prefix + value, nil)
    }
    paths = Self.pathKind(of: parameter).map { ($0, prefix) }
  }

  /// What kind of path a value is, by the words in capitals that stand for it.
  private static func pathKind(of parameter: Manual.Parameter) -> PathKind? {
    let values = parameter.value.split(separator: "|")
    if values.contains("FILE") { return .file }
    return values.contains("DIRECTORY") ? .directory : nil
  }
}

extension Completion {
  /// The words before the cursor, told apart.
  private struct Line {
    /// Those that are no options.
    var positionals: [String] = []

    /// The option whose value the word at the cursor is.
    var openOption: CommandTree.Argument?

    /// Whether options have ended, by two dashes.
    var isPlain = false

    init(_ words: ArraySlice<String>, of command: CommandTree) {
      let options = command.options.filter { $0.kind == .option }
      for word in words {
        if openOption != nil {
          openOption = nil
        } else if isPlain || !word.hasPrefix("-") || word == "-" {
          positionals.append(word)
        } else if word == "--" {
          isPlain = true
        } else {
          openOption = options.first { $0.names?.contains { $0.text == word } ?? false }
        }
      }
    }
  }
}
