import ArgumentParser
import GeneratorKit

/// Lists the generators: `nbdgen list`.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the generators, a line each.",
    helpNames: [.short, .long]
  )

  @Flag(name: .customLong("json"), help: "Print an array of objects, with the parameters of each.")
  var isJSON = false

  func run() {
    let manuals = GeneratorRegistry.all.map { $0.manual }
    guard !isJSON else { return print(JSONText.list(manuals.map(Self.object)).text) }
    let width = manuals.map(\.name.count).max() ?? 0
    for manual in manuals {
      let gap = String(repeating: " ", count: width - manual.name.count + 2)
      print("\(manual.name)\(gap)\(manual.summary)")
    }
  }

  private static func object(_ manual: Manual) -> JSONText {
    .object([
      ("name", .string(manual.name)),
      ("summary", .string(manual.summary)),
      ("main_parameter", .string(manual.mainParameter)),
      ("takes_other_parameters", .boolean(manual.otherParameters != nil)),
      ("parameters", .list(manual.parameters.map(object))),
    ])
  }

  private static func object(_ parameter: Manual.Parameter) -> JSONText {
    .object([
      ("name", .string(parameter.name)),
      ("value", .string(parameter.value)),
      ("required", .boolean(parameter.isRequired)),
      ("repeatable", .boolean(parameter.isRepeatable)),
      ("text", .string(parameter.text)),
    ])
  }
}
