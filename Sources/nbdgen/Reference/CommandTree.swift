import ArgumentParser
import FoundationEssentials

/// A command, its options and its subcommands, as the argument parser knows them.
///
/// Whatever is written of commands is made from this, so that none is forgotten.
struct CommandTree: Decodable {
  /// The word that selects it.
  var name: String

  /// One line that says what it does.
  var abstract: String?

  /// What else there is to say.
  var discussion: String?

  /// Whether users are to see it.
  var isShown: Bool?

  /// The subcommand that runs if none is named.
  var defaultSubcommand: String?

  /// Its subcommands.
  var subcommands: [CommandTree]?

  /// Its options and arguments.
  var arguments: [Argument]?

  private enum CodingKeys: String, CodingKey {
    case abstract, discussion, defaultSubcommand, subcommands, arguments
    case name = "commandName"
    case isShown = "shouldDisplay"
  }

  /// An option, a flag or an argument without a name.
  struct Argument: Decodable {
    var kind: Kind
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    var allValues: [String]?
    var isOptional: Bool
    var isRepeating: Bool
    var isShown: Bool
    var abstract: String?
    var discussion: String?
    var completion: Completion?

    enum Kind: String, Decodable { case positional, option, flag }

    private enum CodingKeys: String, CodingKey {
      case kind, names, valueName, defaultValue, allValues, isOptional, isRepeating, abstract
      case discussion
      case isShown = "shouldDisplay"
      case completion = "completionKind"
    }

    /// What its value may be.
    struct Completion: Decodable {
      var list: Values?
      var file: Extensions?
      var directory: Empty?

      struct Values: Decodable { var values: [String] }
      struct Extensions: Decodable { var extensions: [String] }
      struct Empty: Decodable {}
    }
  }

  /// A name of an option, without dashes.
  struct Name: Decodable {
    var kind: Kind
    var name: String

    enum Kind: String, Decodable { case long, short, longWithSingleDash }

    /// As users write it.
    var text: String { (kind == .long ? "--" : "-") + name }
  }

  /// That of a command.
  init(of command: any ParsableCommand.Type) {
    struct Dump: Decodable { var command: CommandTree }
    let text = command._dumpHelp()
    do {
      self = try JSONDecoder().decode(Dump.self, from: Data(text.utf8)).command
    } catch {
      preconditionFailure("the argument parser describes itself otherwise: \(error)")
    }
  }

  /// The subcommand that runs if none is named.
  var defaultCommand: CommandTree? { subcommands?.first { $0.name == defaultSubcommand } }

  /// The subcommands that users are to see, each once: the parser's own `help` comes
  /// after one that the program has.
  var shownSubcommands: [CommandTree] {
    var names: Set<String> = []
    return (subcommands ?? []).filter { $0.isShown != false && names.insert($0.name).inserted }
  }
}

extension CommandTree {
  /// The commands that users name, those below others included, and all words of each.
  var verbs: [(words: [String], command: CommandTree)] {
    shownSubcommands.flatMap { command in
      let below = command.verbs.map { ([name] + $0.words, $0.command) }
      // One that only has others below it does nothing by itself.
      let isGroup = !below.isEmpty && command.positionals.isEmpty
      return (isGroup ? [] : [([name, command.name], command)]) + below
    }
  }

  /// Its options, without the one that explains them.
  var options: [Argument] {
    (arguments ?? []).filter { $0.isShown && $0.kind != .positional && !$0.isHelp }
  }

  /// Its arguments without a name.
  var positionals: [Argument] { (arguments ?? []).filter { $0.kind == .positional } }
}

extension CommandTree.Argument {
  /// Whether this is `-h`.
  var isHelp: Bool { names?.contains { $0.text == "--help" } ?? false }

  /// All its names, and what stands for its value.
  var title: String {
    let names = (names ?? []).map(\.text).joined(separator: ", ")
    return kind == .flag ? names : "\(names) \(placeholder)"
  }

  /// What stands for its value in a usage line, in capitals.
  var placeholder: String { (valueName ?? "value").uppercased() }

  /// What stands for each of several values, where they mean different things:
  /// `out|generator`.
  private var parts: [String] { placeholder.split(separator: "|").map(String.init) }

  /// Whether these are the name of a generator and its parameters, perhaps after
  /// something else.
  var isRecipe: Bool { kind == .positional && isRepeating && parts.last == "GENERATOR" }

  /// What comes before the name of a generator, in capitals.
  var leaders: [String] { isRecipe ? Array(parts.dropLast()) : [] }

  /// An argument without a name as a usage line has it.
  var usage: String {
    if isRecipe { return (parts + ["[KEY=VALUE ...]"]).joined(separator: " ") }
    let text = isRepeating ? "\(placeholder) ..." : placeholder
    return isOptional ? "[\(text)]" : text
  }
}
