extension ReferencePage {
  /// The page in the language of man(7).
  ///
  /// - Parameters:
  ///   - date: When the program was last changed, year first.
  ///   - version: That of the program.
  /// - Returns: Lines of ASCII as far as the page itself is.
  func roff(date: String, version: String) -> String {
    // Neither hyphens in names, nor gaps between words that cannot be divided.
    var lines = [
      ".TH NBDGEN 1 \"\(date)\" \"nbdgen \(version)\" \"User Commands\"", ".nh", ".ad l",
    ]
    // A paragraph starts by itself after these.
    var isFirst = true
    for block in blocks {
      switch block {
      case .heading(let text): lines.append(".SH " + Self.roff(text))
      case .subheading(let text, _): lines.append(".SS " + Self.roff(text))
      case .title(let text): lines += [".PP", "\\fI" + Self.roff(text) + "\\fR"]
      case .paragraph(let text):
        if !isFirst { lines.append(".PP") }
        lines += Self.lines(Self.roff(wrapping: text))
      case .usage(let text):
        if !isFirst { lines.append(".PP") }
        lines += Self.lines(Self.roff(text))
      case .definition(let term, let text):
        lines += [".TP", "\\fB" + Self.roff(term) + "\\fR"]
        lines += Self.lines(Self.roff(wrapping: text))
      case .verbatim(let text):
        lines += [".RS 4", ".sp", ".EX"]
        lines += text.map { Self.line(Self.roff($0)) }
        lines += [".EE", ".RE"]
      }
      switch block {
      case .heading, .subheading: isFirst = true
      default: isFirst = false
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Breaks a paragraph where that changes nothing.
  private static func lines(_ text: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.utf8.count + 1 + word.utf8.count <= 78 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(line(String(word)))
      }
    }
    return lines
  }

  /// A line that is no request, whatever it starts with.
  private static func line(_ text: String) -> String {
    text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
  }

  /// Prose, with what is to be typed in bold.
  private static func roff(wrapping text: String) -> String {
    pieces(of: text).map { piece in
      // Not to be divided at the end of a line.
      piece.isLiteral ? "\\fB\\%" + roff(piece.text) + "\\fR" : roff(piece.text)
    }.joined()
  }

  /// Text as it is; hyphens are those of the keyboard, as most are part of something that
  /// can be typed.
  private static func roff(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "`": result += "\\(ga"
      case "'": result += "\\(aq"
      case "\"": result += "\\(dq"
      default: result.append(character)
      }
    }
    return result
  }
}
