import ArgumentParser
import CHost
import GeneratorKit

/// The command `nbdgen`.
@main
struct Nbdgen: ParsableCommand {
  static let version = "0.1.0"

  /// When the version was made, for the manual page.
  static let versionDate = "2026-11-21"

  static let configuration = CommandConfiguration(
    commandName: "nbdgen",
    subcommands: [
      Serve.self, ServeFile.self, Write.self, MapCommand.self, WhoCommand.self, TraceCommand.self,
      Digest.self, Share.self, List.self, Help.self, Reference.self, Complete.self,
    ],
    defaultSubcommand: Serve.self,
    helpNames: []
  )

  /// The arguments with a command before its options, where these came first.
  private static func arguments(_ given: ArraySlice<String>) throws(UserError) -> [String] {
    let options = given.prefix { ["-q", "--quiet", "-v", "--verbose", "--json"].contains($0) }
    let rest = given.dropFirst(options.count)
    guard let verb = rest.first, !verb.hasPrefix("-"), !Serve.serves(verb),
      Verbs.all.contains(where: { Verbs.name(of: $0) == verb })
    else {
      return Array(given)
    }
    if verb == Verbs.name(of: TraceCommand.self) { try TraceCommand.check(rest.dropFirst().first) }
    return [verb] + options + rest.dropFirst()
  }

  /// What the words of a command line say.
  ///
  /// Serving has no name, and by far the most options. Where it is what is meant, the
  /// parser need not find that out: it would look at all commands first, and several
  /// times at those options.
  private static func parse(_ words: [String]) throws -> any ParsableCommand {
    let isServing = words.first.map { $0.hasPrefix("-") || Serve.serves($0) } ?? false
    // The parser's own options are about all commands.
    let isOwn = words.contains { word in
      ["--experimental-", "--generate-", "--help-", "---"].contains { word.hasPrefix($0) }
    }
    return isServing && !isOwn ? try Serve.parseAsRoot(words) : try parseAsRoot(words)
  }

  /// What is wrong with a command line, for people.
  ///
  /// Users of mke2fs and qemu-img may take a generator's parameter for an option.
  private static func text(of error: any Error) -> String {
    let text = message(for: error)
    guard let match = text.firstMatch(of: /^Unknown option '--([a-z0-9-]+)['=]/) else {
      return text
    }
    let parameters = GeneratorRegistry.all.flatMap { $0.manual.parameters }
    guard let parameter = parameters.first(where: { $0.name == match.1 }) else { return text }
    let form = "\(parameter.name)=\(parameter.value)"
    return "--\(parameter.name): not an option; a generator's parameter has no dashes: \(form)"
  }

  static func main() {
    host_bound_heaps()
    do {
      var command = try parse(try arguments(CommandLine.arguments.dropFirst()))
      try command.run()
    } catch let error as UserError {
      error.report()
      Nbdgen.exit(withError: ExitCode(error.status))
    } catch let code as ExitCode {
      Nbdgen.exit(withError: code)
    } catch  where exitCode(for: error).isSuccess {
      // Help was asked for.
      print(message(for: error))
    } catch {
      let error = UserError(usage: text(of: error))
      error.report()
      Nbdgen.exit(withError: ExitCode(error.status))
    }
  }
}
