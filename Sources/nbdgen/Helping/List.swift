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
    guard !isJSON else { return print(JSONObject.list(manuals.map(Self.object))) }
    let width = manuals.map(\.name.count).max() ?? 0
    for manual in manuals {
      let gap = String(repeating: " ", count: width - manual.name.count + 2)
      print("\(manual.name)\(gap)\(manual.summary)")
    }
  }

  private static func object(_ manual: Manual) -> JSONObject {
    var object = JSONObject()
    object.add("name", manual.name)
    object.add("summary", manual.summary)
    object.add("main_parameter", manual.mainParameter)
    object.add("takes_other_parameters", manual.otherParameters != nil)
    object.add("parameters", manual.parameters.map(Self.object))
    return object
  }

  private static func object(_ parameter: Manual.Parameter) -> JSONObject {
    var object = JSONObject()
    object.add("name", parameter.name)
    object.add("value", parameter.value)
    object.add("required", parameter.isRequired)
    object.add("repeatable", parameter.isRepeatable)
    object.add("text", parameter.text)
    return object
  }
}
