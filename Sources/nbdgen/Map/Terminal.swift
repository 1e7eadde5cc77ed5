import CHost
import SystemPackage

/// What the standard output can show.
struct Terminal {
  /// Columns of a line.
  var width = 80
  var hasColors = false
  var hasUnicode = false

  /// What the environment says of the standard output.
  static var current: Terminal {
    var terminal = Terminal()
    let variables = Environment.variables
    let isTerminal = host_is_terminal(FileDescriptor.standardOutput.rawValue) != 0
    if isTerminal {
      let columns = Int(host_terminal_width(FileDescriptor.standardOutput.rawValue))
      if columns > 0 { terminal.width = min(max(columns, 40), 250) }
      let isPlain = !(variables["NO_COLOR"] ?? "").isEmpty || variables["TERM"] == "dumb"
      terminal.hasColors = !isPlain
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { variables[$0] }
      .first { !$0.isEmpty }
    let name = locale?.lowercased() ?? ""
    terminal.hasUnicode = name.contains("utf-8") || name.contains("utf8")
    return terminal
  }

  /// A character cell of a category.
  func cell(_ category: MapCategory) -> String {
    colored(String(category.symbol(isUnicode: hasUnicode)), category)
  }

  /// Text in the colour of a category.
  func colored(_ text: String, _ category: MapCategory) -> String {
    hasColors ? "\u{1B}[\(category.terminalColor)m\(text)\u{1B}[0m" : text
  }
}
