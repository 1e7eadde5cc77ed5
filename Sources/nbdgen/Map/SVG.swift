/// A drawing in SVG 1.1, in pixels from the top left.
struct SVG {
  private var body: [String] = []

  /// Text of a character takes about so much, as a share of its height.
  static let characterWidth = 0.58

  /// Draws a rectangle with a text that shows when somebody points at it.
  mutating func rectangle(
    _ x: Double,
    _ y: Double,
    _ width: Double,
    _ height: Double,
    fill: String,
    tip: String? = nil
  ) {
    let shape =
      "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
      + "height=\"\(Self.number(height))\" fill=\"\(fill)\""
    body.append(tip.map { "\(shape)><title>\(Self.escaped($0))</title></rect>" } ?? shape + "/>")
  }

  /// Draws a line.
  mutating func line(
    _ x: Double,
    _ y: Double,
    to endX: Double,
    _ endY: Double,
    color: String,
    dash: String? = nil
  ) {
    let dashes = dash.map { " stroke-dasharray=\"\($0)\"" } ?? ""
    body.append(
      "<line x1=\"\(Self.number(x))\" y1=\"\(Self.number(y))\" x2=\"\(Self.number(endX))\" "
        + "y2=\"\(Self.number(endY))\" stroke=\"\(color)\"\(dashes)/>"
    )
  }

  /// Which part of a text is at its place.
  enum Anchor: String { case start, middle, end }

  /// Draws a line of text, whose base is at a place.
  mutating func text(
    _ x: Double,
    _ y: Double,
    _ text: String,
    size: Double = 12,
    color: String = "#212529",
    anchor: Anchor = .start,
    isBold: Bool = false
  ) {
    let weight = isBold ? " font-weight=\"bold\"" : ""
    let start = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    body.append(
      "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(size))\" "
        + "fill=\"\(color)\"\(start)\(weight) pointer-events=\"none\">\(Self.escaped(text))</text>"
    )
  }

  /// The whole file.
  ///
  /// - Parameters:
  ///   - width: Width of the picture.
  ///   - height: Its height.
  ///   - title: What it shows.
  /// - Returns: The text of the file.
  func document(width: Double, height: Double, title: String) -> String {
    let (width, height) = (Self.number(width), Self.number(height))
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
      viewBox="0 0 \(width) \(height)" font-family="DejaVu Sans, Verdana, sans-serif">
      <title>\(Self.escaped(title))</title>
      <rect width="\(width)" height="\(height)" fill="#ffffff"/>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  /// Text that fits into a width, cut in the middle if need be; `nil` if nothing of it
  /// would be left.
  static func fitting(_ text: String, _ width: Double, size: Double = 12) -> String? {
    let room = Int(width / (size * characterWidth))
    guard text.count > room else { return text }
    guard room >= 4 else { return nil }
    let half = (room - 1) / 2
    return text.prefix(room - 1 - half) + "…" + text.suffix(half)
  }

  /// A number with at most two digits behind the point.
  private static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    if hundredths % 100 == 0 { return "\(hundredths / 100)" }
    return "\(Double(hundredths) / 100)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      case "\n": result += "\n"
      // XML 1.0 has no such characters.
      case _ where scalar.value < 0x20 || scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
