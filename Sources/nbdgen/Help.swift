import ArgumentParser
import GeneratorKit

/// Explains the command, or a generator: `nbdgen help [GENERATOR|share]`.
struct Help: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "help",
    abstract: "Explains the command, or a generator."
  )

  @Argument(help: "The generator to explain.")
  var generator: String?

  func run() throws {
    guard let generator else {
      print(Self.overview)
      return
    }
    if generator == Share.configuration.commandName {
      print(Nbdgen.helpMessage(for: Share.self))
      return
    }
    if generator == Digest.configuration.commandName {
      print(Nbdgen.helpMessage(for: Digest.self))
      return
    }
    let verbs: [any ParsableCommand.Type] = [MapCommand.self, WhoCommand.self, TraceCommand.self]
    if let verb = verbs.first(where: { $0.configuration.commandName == generator }) {
      print(Nbdgen.helpMessage(for: verb))
      return
    }
    print(try GeneratorRegistry.generator(named: generator).manual.page())
  }

  /// The options, and what there is to serve.
  static var overview: String {
    let names = GeneratorRegistry.all.map { $0.manual }
    let width = names.map { $0.name.count }.max() ?? 0
    let generators = names.map { manual in
      let gap = String(repeating: " ", count: width - manual.name.count + 2)
      return "  \(manual.name)\(gap)\(manual.summary)"
    }
    return Nbdgen.helpMessage(for: Serve.self)
      + "\nGENERATORS (nbdgen help GENERATOR tells more):\n"
      + generators.joined(separator: "\n")
  }
}
