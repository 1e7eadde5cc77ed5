/// A text in the expression language, and how it came into play.
final class Source: Sendable {
  /// The bytes of the text.
  let text: [UInt8]

  /// What the text is called: `data=`, or `$name` for a variable's.
  let name: String

  /// Where another text refers to this one; `nil` for the text that the disk
  /// is made of.
  let referrer: Position?

  init(_ text: [UInt8], name: String, referrer: Position? = nil) {
    self.text = text
    self.name = name
    self.referrer = referrer
  }

  /// How many texts lead here.
  var depth: Int { 1 + (referrer?.source.depth ?? 0) }
}

/// A part of a source.
struct Position: Sendable {
  var source: Source
  var range: Range<Int>
}

/// Why an expression is no disk, and where.
struct ExpressionError: Error, Sendable {
  /// What is wrong and what to do, without a full stop.
  var problem: String
  var position: Position

  init(_ problem: String, at position: Position) {
    self.problem = problem
    self.position = position
  }

  /// The error for people: the problem, the line that it is in, and a caret
  /// under the place; then the same for each text that refers to the last.
  var lines: [String] {
    var lines = [problem] + Self.excerpt(position)
    var referrer = position.source.referrer
    while let place = referrer, lines.count < 30 {
      lines += ["which is the value of \(Self.token(place)), used here:"] + Self.excerpt(place)
      referrer = place.source.referrer
    }
    return lines
  }

  private static func token(_ position: Position) -> String {
    printable(position.source.text[position.range])
  }

  /// Most columns of an expression that are shown.
  private static let width = 72

  /// The line of the text that the position starts in, and carets under it.
  private static func excerpt(_ position: Position) -> [String] {
    let text = position.source.text
    let start = min(position.range.lowerBound, text.count)
    let newline = UInt8(ascii: "\n")
    var first = text[..<start].lastIndex(of: newline).map { $0 + 1 } ?? 0
    let lineNumber = text[..<start].count { $0 == newline } + 1
    var end = text[start...].firstIndex(of: newline) ?? text.count
    let isCut = (before: start - first > width * 2 / 3, after: false)
    if isCut.before { first = start - width * 2 / 3 }
    if end - first > width { end = first + width }
    let line = printable(text[first..<end])
    let margin = position.source.text.contains(newline) ? "line \(lineNumber): " : "    "
    let indent = margin.count + printable(text[first..<start]).count
    let marked = printable(text[start..<max(start, min(position.range.upperBound, end))])
    return [
      margin + line,
      String(repeating: " ", count: indent) + String(repeating: "^", count: max(1, marked.count)),
    ]
  }

  /// Text that keeps one column for each of its bytes, but for what is UTF-8.
  static func printable(_ bytes: ArraySlice<UInt8>) -> String {
    String(
      String(decoding: bytes, as: UTF8.self).unicodeScalars.map {
        $0.value < 0x20 || $0.value == 0x7F ? Character(" ") : Character($0)
      }
    )
  }
}
