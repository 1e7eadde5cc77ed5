import ArgumentParser
import Foundation

/// Draws the ratios of a run.
struct Draw: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws a picture of a run's ratios to the peers."
  )

  @Argument(help: "The lines that a run wrote.")
  var results: String

  @Argument(help: "The picture, in SVG.")
  var picture: String

  func run() throws {
    let results = try Results(readFrom: results)
    guard let machine = results.machine else { throw BenchFailure("the results name no machine") }
    try TextFile.write(Picture.draw(Target.outcomes(results), machine), to: picture)
  }
}

/// Bars of how many times better nbdgen is than a peer, on a scale of powers of ten.
enum Picture {
  private static let width = 780
  private static let left = 320
  private static let right = 120
  private static let rowHeight = 24
  private static let top = 64

  static func draw(_ outcomes: [Outcome], _ machine: Machine) -> String {
    let bars = outcomes.filter(\.isRatio)
    let least = min(0.5, bars.map(\.reached).min() ?? 0.5)
    let most = max(10, bars.map { max($0.reached, $0.wanted) }.max() ?? 10)
    let place = { (value: Double) in
      Double(left) + Double(width - left - right) * log(value / least) / log(most / least)
    }
    let height = top + bars.count * rowHeight + 48
    var lines = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
      viewBox="0 0 \(width) \(height)" role="img" \
      font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13">
      <title>How many times better nbdgen is than its peers</title>
      <style>
      .paper { fill: #ffffff } .ink { fill: #1f2328 } .pale { fill: #59636e }
      .line { stroke: #d1d9e0 } .one { stroke: #59636e } .mark { stroke: #1f2328 }
      .bar { fill: #2a78c8 } .short { fill: #bf6a00 }
      @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .pale { fill: #9198a1 }
      .line { stroke: #3d444d } .one { stroke: #9198a1 } .mark { stroke: #f0f6fc }
      .bar { fill: #4493f8 } .short { fill: #d29922 }
      }
      </style>
      <rect class="paper" width="\(width)" height="\(height)"/>
      """,
      text(
        16,
        26,
        "ink",
        "How many times better nbdgen is",
        attributes: "font-size=\"17\" font-weight=\"600\""
      ),
      text(
        16,
        46,
        "pale",
        "in one run with its peers; a tick is the target, and a longer bar is better"
      ),
    ]
    let bottom = top + bars.count * rowHeight
    for tick in [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] where tick >= least && tick <= most
    {
      let x = number(place(tick))
      lines.append(
        "<line class=\"\(tick == 1 ? "one" : "line")\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(top)\" y2=\"\(bottom + 4)\"/>"
      )
      lines.append(
        text(
          place(tick),
          Double(bottom + 18),
          "pale",
          "\(tick < 1 ? "0.5" : String(Int(tick)))×",
          attributes: "text-anchor=\"middle\" font-size=\"11\""
        )
      )
    }
    for (index, bar) in bars.enumerated() {
      lines += row(bar, y: Double(top + index * rowHeight), place)
    }
    lines.append(
      text(16, Double(bottom + 38), "pale", caption(machine), attributes: "font-size=\"11\"")
    )
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }

  private static func row(_ bar: Outcome, y: Double, _ place: (Double) -> Double) -> [String] {
    let (start, end) = (min(place(1), place(bar.reached)), max(place(1), place(bar.reached)))
    let mark = number(place(bar.wanted))
    let name = bar.against.replacing(", the best", with: "")
    return [
      text(
        Double(left) - 8,
        y + 16,
        "ink",
        bar.label,
        attributes: "text-anchor=\"end\" font-size=\"12\""
      ),
      "<rect class=\"\(bar.isReached ? "bar" : "short")\" x=\"\(number(start))\" y=\"\(number(y + 4))\" "
        + "width=\"\(number(max(1, end - start)))\" height=\"15\" rx=\"2\"/>",
      "<line class=\"mark\" stroke-width=\"2\" x1=\"\(mark)\" x2=\"\(mark)\" y1=\"\(number(y + 2))\" y2=\"\(number(y + 21))\"/>",
      text(
        max(end, place(bar.wanted)) + 6,
        y + 16,
        "pale",
        "\(Format.ratio(bar.reached).dropLast())× \(name)",
        attributes: "font-size=\"11\""
      ),
    ]
  }

  private static func caption(_ machine: Machine) -> String {
    let versions = ["nbdkit", "qemu-nbd", "nbd-server"].compactMap { name in
      machine.versions[name].map { "\(name) \($0.prefix { $0 != " " })" }
    }
    return "\(machine.cores) cores, \(machine.kernel), \(versions.joined(separator: ", ")), "
      + "medians of \(machine.runs), \(machine.date.prefix(10))"
  }

  private static func text(
    _ x: Double,
    _ y: Double,
    _ style: String,
    _ words: String,
    attributes: String = ""
  ) -> String {
    let safe = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    return
      "<text class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" \(attributes)>\(safe)</text>"
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
