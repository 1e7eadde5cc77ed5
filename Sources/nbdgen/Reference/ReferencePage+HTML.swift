extension ReferencePage {
  /// The page as the body of an HTML document.
  func html() -> String {
    var lines: [String] = []
    var isInList = false
    for block in blocks {
      if case .definition = block {
        if !isInList { lines.append("<dl>") }
        isInList = true
      } else if isInList {
        lines.append("</dl>")
        isInList = false
      }
      switch block {
      case .heading(let text):
        let name = text.lowercased().replacing(" ", with: "-")
        let title = text.prefix(1) + text.dropFirst().lowercased()
        lines.append("<h2 id=\"\(name)\">\(Self.html(String(title)))</h2>")
      case .subheading(let text, let name):
        lines.append("<h3 id=\"\(name)\">\(Self.html(text))</h3>")
      case .title(let text):
        let title = text.prefix(1) + text.dropFirst().lowercased()
        lines.append("<h4>\(Self.html(String(title)))</h4>")
      case .paragraph(let text): lines.append("<p>\(Self.html(wrapping: text))</p>")
      case .usage(let text): lines.append("<p><code>\(Self.html(text))</code></p>")
      case .definition(let term, let text):
        lines.append("<dt><code>\(Self.html(term))</code></dt>")
        lines.append("<dd>\(Self.html(wrapping: text))</dd>")
      case .verbatim(let text):
        let code = text.map { Self.html($0) as String }.joined(separator: "\n")
        lines.append("<pre><code>\(code)\n</code></pre>")
      }
    }
    if isInList { lines.append("</dl>") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func html(wrapping text: String) -> String {
    pieces(of: text).map { $0.isLiteral ? "<code>\(html($0.text))</code>" : html($0.text) }.joined()
  }

  private static func html(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
