import ArgumentParser

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
  private static func arguments(_ given: ArraySlice<String>) -> [String] {
    let options = given.prefix { ["-q", "--quiet", "-v", "--verbose", "--json"].contains($0) }
    let rest = given.dropFirst(options.count)
    guard let verb = rest.first, Verbs.all.contains(where: { Verbs.name(of: $0) == verb }) else {
      return Array(given)
    }
    return [verb] + options + rest.dropFirst()
  }

  static func main() {
    do {
      var command = try parseAsRoot(arguments(CommandLine.arguments.dropFirst()))
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
      let error = UserError(usage: message(for: error))
      error.report()
      Nbdgen.exit(withError: ExitCode(error.status))
    }
  }
}
