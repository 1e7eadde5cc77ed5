import ArgumentParser
import GeneratorKit

/// Prints what is installed beside the program: `nbdgen reference FORM`.
struct Reference: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference",
    abstract: "Prints the manual page, its HTML, or completions for a shell.",
    shouldDisplay: false
  )

  @Argument(help: "man, html, bash, zsh or fish.")
  var form: Form

  enum Form: String, ExpressibleByArgument, CaseIterable { case man, html, bash, zsh, fish }

  func run() throws {
    switch form {
    case .man:
      print(Self.page.roff(date: Nbdgen.versionDate, version: Nbdgen.version), terminator: "")
    case .html: print(Self.page.html(), terminator: "")
    case .bash: print(CompletionScript.bash)
    case .zsh: print(CompletionScript.zsh)
    case .fish: print(CompletionScript.fish)
    }
  }

  private static var page: ReferencePage {
    ReferencePage(of: CommandTree(of: Nbdgen.self), GeneratorRegistry.all.map { $0.manual })
  }
}
