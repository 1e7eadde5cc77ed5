import ArgumentParser
import GeneratorKit

/// Tells a shell how a command line may go on: `nbdgen complete -- WORD ...`.
///
/// The words are those after the program's name, and the last one is that at the cursor.
struct Complete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "complete",
    abstract: "Prints how a command line may go on.",
    shouldDisplay: false
  )

  @Argument(parsing: .captureForPassthrough)
  var words: [String] = []

  func run() throws {
    var words = words
    if words.first == "--" { words.removeFirst() }
    let current = words.popLast() ?? ""
    let completion = Completion(
      of: words,
      current,
      tree: CommandTree(of: Nbdgen.self),
      manuals: GeneratorRegistry.all.map { $0.manual }
    )
    for line in completion.lines { print(line) }
  }
}
