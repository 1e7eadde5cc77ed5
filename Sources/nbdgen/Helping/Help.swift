import ArgumentParser
import GeneratorKit

/// Explains the command, a generator or a topic: `nbdgen help [GENERATOR|TOPIC]`.
struct Help: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "help",
    abstract: "Explains the command, a generator, or a topic.",
    helpNames: [.short, .long]
  )

  @Argument(help: .init("What to explain.", valueName: "generator|command|topic"))
  var subject: String?

  func run() throws {
    print(try subject.map { try Self.page(about: $0) } ?? Self.overview)
  }

  /// The page about a generator, a command or a topic.
  ///
  /// - Throws: ``UserError`` that suggests what was probably meant.
  static func page(about subject: String) throws(UserError) -> String {
    if let generator = GeneratorRegistry.all.first(where: { $0.manual.name == subject }) {
      return generator.manual.page()
    }
    if let topic = HelpTopic.all.first(where: { $0.name == subject }) { return topic.text }
    if let command = Verbs.all.first(where: { Verbs.name(of: $0) == subject }) {
      return Nbdgen.helpMessage(for: command)
    }
    let names =
      GeneratorRegistry.all.map { $0.manual.name } + Verbs.all.map(Verbs.name(of:))
      + HelpTopic.all.map(\.name)
    let advice =
      closestMatch(to: subject, among: names).map { "did you mean \($0)?" }
      ?? "there is \(names.joined(separator: ", "))"
    throw UserError(usage: "there is no help on \"\(subject)\"; \(advice)")
  }

  /// How to begin, what there is to do and to serve, and the options.
  static var overview: String {
    let options = Nbdgen.helpMessage(for: Serve.self).split(
      separator: "\n",
      omittingEmptySubsequences: false
    ).drop { !$0.hasPrefix("OPTIONS:") }.dropFirst()
    return """
      nbdgen makes disks on the fly and serves them over NBD, read-only; nothing is copied.

      EXAMPLES:
        Boot a virtual machine from a directory:
          nbdgen -U - linuxdisk root/ --run \\
            'qemu-system-x86_64 -kernel vmlinuz -append "root=/dev/sda1 ro" \\
               -drive file="$uri",format=raw,snapshot=on'
        Serve a directory on TCP port 10809, until Ctrl-C:
          nbdgen floppy esp/ layout=gpt
        Write an image file:
          nbdgen write disk.img linuxdisk root/ type=ext4 size=+1G
        Serve several disks, each under its name:
          nbdgen serve exports.yaml

      USAGE:
        nbdgen [options] GENERATOR [key=value ...]
        nbdgen COMMAND ...

      GENERATORS (nbdgen help GENERATOR tells more):
      \(table(GeneratorRegistry.all.map { ($0.manual.name, $0.manual.summary) }))

      COMMANDS (nbdgen help COMMAND tells more):
      \(table(Verbs.all.map { (Verbs.name(of: $0), Verbs.summary(of: $0)) }))

      TOPICS (nbdgen help TOPIC):
      \(table(HelpTopic.all.map { ($0.name, $0.summary) }))

      OPTIONS of serving:
      \(options.joined(separator: "\n").trimmingNewlines)
      """
  }

  /// Lines with a name and what it is, in two columns.
  private static func table(_ rows: [(name: String, summary: String)]) -> String {
    let width = rows.map(\.name.count).max() ?? 0
    let lines = rows.map { row in
      let gap = String(repeating: " ", count: width - row.name.count + 2)
      return "  \(row.name)\(gap)\(row.summary)"
    }
    return lines.joined(separator: "\n")
  }
}

/// What the command does beside serving one disk.
enum Verbs {
  /// The commands with a name of their own.
  static var all: [any ParsableCommand.Type] {
    Nbdgen.configuration.subcommands.filter { $0.configuration.shouldDisplay }
  }

  /// The word that selects a command.
  static func name(of command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? ""
  }

  /// What a command does, in one line.
  static func summary(of command: any ParsableCommand.Type) -> String {
    String(command.configuration.abstract.prefix { $0 != "." })
  }
}

extension String {
  /// The text without empty lines at its ends.
  fileprivate var trimmingNewlines: Substring {
    var text = self[...]
    while text.first == "\n" { text.removeFirst() }
    while text.last == "\n" { text.removeLast() }
    return text
  }
}
