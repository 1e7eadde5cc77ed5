import GeneratorKit

extension ReferencePage {
  /// All that is known of the command: its verbs, options and generators.
  ///
  /// - Parameters:
  ///   - tree: The command.
  ///   - manuals: Those of its generators.
  init(of tree: CommandTree, _ manuals: [Manual]) {
    let serving = tree.defaultCommand ?? tree
    blocks.append(.heading("NAME"))
    blocks.append(.paragraph("\(tree.name) - \(Topic.summary)"))
    blocks.append(.heading("SYNOPSIS"))
    blocks.append(.usage(Self.usage([tree.name], serving)))
    for (words, command) in tree.verbs { blocks.append(.usage(Self.usage(words, command))) }
    blocks.append(.heading("DESCRIPTION"))
    add(discussion: Topic.description)
    blocks.append(.heading("OPTIONS"))
    add(options: serving.options)
    blocks.append(.heading("COMMANDS"))
    for (words, command) in tree.verbs { add(command, words, besides: serving) }
    blocks.append(.heading("GENERATORS"))
    for manual in manuals { add(manual, of: tree.name) }
    for topic in HelpTopic.all {
      blocks.append(.heading(topic.name.uppercased().replacing("-", with: " ")))
      // Without the line that says what the page is about.
      add(discussion: topic.text.split(separator: "\n", maxSplits: 1).dropFirst().joined())
    }
    for topic in Topic.all {
      blocks.append(.heading(topic.title))
      add(discussion: topic.text)
      blocks += topic.entries.map { .definition(term: $0.term, text: $0.text) }
    }
  }

  private mutating func add(_ command: CommandTree, _ words: [String], besides: CommandTree) {
    let name = words.dropFirst().joined(separator: "-")
    blocks.append(.subheading(words.joined(separator: " "), name: name))
    blocks.append(.usage(Self.usage(words, command)))
    if let abstract = command.abstract { blocks.append(.paragraph(abstract)) }
    if let discussion = command.discussion { add(discussion: discussion) }
    for argument in command.positionals where argument.isShown {
      let term = argument.isRecipe ? argument.usage : argument.placeholder
      blocks.append(.definition(term: term, text: Self.text(of: argument)))
    }
    // The options of serving are not told twice.
    let known = besides.options.map(\.title)
    if Set(known).isSubset(of: command.options.map(\.title)) {
      blocks.append(.paragraph("All options above go with it."))
      add(options: command.options.filter { !known.contains($0.title) })
    } else {
      add(options: command.options)
    }
  }

  private mutating func add(options: [CommandTree.Argument]) {
    for option in options {
      blocks.append(.definition(term: option.title, text: Self.text(of: option)))
    }
  }

  private mutating func add(_ manual: Manual, of program: String) {
    blocks.append(.subheading("\(program) \(manual.name)", name: "generator-\(manual.name)"))
    blocks.append(
      .paragraph(manual.summary.prefix(1).uppercased() + manual.summary.dropFirst() + ".")
    )
    blocks.append(
      .usage(([program, "[options]", manual.name] + manual.usage).joined(separator: " "))
    )
    for parameter in manual.parameters + (manual.otherParameters.map { [$0] } ?? []) {
      let term = "\(parameter.name)=\(parameter.value)"
      blocks.append(.definition(term: term, text: parameter.text))
    }
    add(discussion: manual.discussion)
  }

  /// How a command is written.
  private static func usage(_ words: [String], _ command: CommandTree) -> String {
    let options = command.options.isEmpty ? [] : ["[options]"]
    let positionals = command.positionals.filter(\.isShown).map(\.usage)
    return (words + options + positionals).joined(separator: " ")
  }

  /// What is said of an option or argument.
  private static func text(of argument: CommandTree.Argument) -> String {
    let texts = [argument.abstract, argument.discussion].compactMap { $0 }
    let value = argument.kind == .flag ? nil : argument.defaultValue.map { "Default: \($0)." }
    return (texts + (value.map { [$0] } ?? [])).joined(separator: " ")
  }
}
