package import DiskModel

/// Writes the shortest expression of bytes that it knows: decimal bytes, strings,
/// runs of one byte and gaps.
package enum ShortestExpression {
  /// Bytes of one value, side by side.
  private struct Run {
    var value: UInt8
    var count: Int
  }

  /// What an expression may end with, which decides what may come next.
  private enum State: Int, CaseIterable {
    /// Nothing, or something that any token may follow.
    case closed
    /// A number, which must not run into the next one.
    case number
    /// A string that is still open.
    case string
  }

  /// A way to write everything up to a place.
  private struct Way {
    var size: Int
    var text: String
    /// The state that it continues.
    var previous: State
  }

  /// The shortest expression of a disk that takes at most `limit` bytes; `nil` if
  /// there is none, or if finding one would take reading more than 64 MiB.
  ///
  /// - Throws: ``ReadFailure`` of a source that cannot be read.
  package static func text(of disk: Disk, limit: Int) throws(ReadFailure) -> String? {
    guard let runs = try runs(of: disk, limit: limit) else { return nil }
    let text = shortest(runs)
    return text.utf8.count <= limit ? text : nil
  }

  /// Most bytes with content that are looked at.
  private static let readLimit = 1 << 26

  /// The runs; `nil` if there are more than `limit`, which all take a byte to
  /// write.
  private static func runs(of disk: Disk, limit: Int) throws(ReadFailure) -> [Run]? {
    var runs: [Run] = []
    func append(_ value: UInt8, _ count: Int) {
      if runs.last?.value == value {
        runs[runs.count - 1].count += count
      } else {
        runs.append(Run(value: value, count: count))
      }
    }
    var start = 0
    var bytesLeft = readLimit
    while start < disk.size {
      var extent: Extent?
      disk.forEachExtent(in: start..<disk.size, limit: 1000) {
        extent = $0
        return false
      }
      guard let extent else { break }
      guard extent.kind == .data else {
        append(0, extent.range.count)
        start = extent.range.upperBound
        continue
      }
      let piece = start..<min(start + 1 << 16, extent.range.upperBound)
      bytesLeft -= piece.count
      guard bytesLeft >= 0 else { return nil }
      for byte in try disk.bytes(piece) { append(byte, 1) }
      guard runs.count <= limit else { return nil }
      start = piece.upperBound
    }
    return runs
  }

  /// Finds the shortest text from left to right: for each state, the shortest that
  /// ends in it.
  private static func shortest(_ runs: [Run]) -> String {
    var ways: [[Way?]] = []
    var sizes: [Int?] = [0, nil, nil]
    for run in runs {
      var best: [Way?] = [nil, nil, nil]
      for state in State.allCases {
        guard let size = sizes[state.rawValue] else { continue }
        for (next, text) in tokens(run, after: state) {
          let total = size + text.utf8.count
          if best[next.rawValue].map({ total < $0.size }) ?? true {
            best[next.rawValue] = Way(size: total, text: text, previous: state)
          }
        }
      }
      sizes = best.map { $0?.size }
      ways.append(best)
    }
    // An open string takes a byte more.
    if let size = sizes[State.string.rawValue] { sizes[State.string.rawValue] = size + 1 }
    let ends = State.allCases.filter { sizes[$0.rawValue] != nil }
    guard var state = ends.min(by: { sizes[$0.rawValue] ?? 0 < sizes[$1.rawValue] ?? 0 }) else {
      return ""
    }
    var texts = state == .string ? ["\""] : []
    for best in ways.reversed() {
      guard let way = best[state.rawValue] else { preconditionFailure("ways are continuous") }
      texts.append(way.text)
      state = way.previous
    }
    return texts.reversed().joined()
  }

  /// The ways to write a run, and what they end with.
  private static func tokens(_ run: Run, after state: State) -> [(State, String)] {
    let end = state == .string ? "\"" : ""
    let gap = state == .number ? " " : end
    var tokens: [(State, String)] = []
    if run.count <= 16 {
      let bytes = [String](repeating: "\(run.value)", count: run.count)
      tokens.append((.number, gap + bytes.joined(separator: " ")))
    }
    // Longer runs of one letter are shorter as repetitions.
    if run.count <= 64 {
      let letters = String(repeating: letter(run.value), count: run.count)
      tokens.append((.string, (state == .string ? "" : "\"") + letters))
    }
    if run.count > 1 { tokens.append((.number, "\(gap)\(run.value)*\(number(run.count))")) }
    if run.value == 0 { tokens.append((.number, "\(end)@+\(number(run.count))")) }
    return tokens
  }

  private static func number(_ count: Int) -> String {
    for (unit, shift) in [("G", 30), ("M", 20), ("K", 10)] where count & ((1 << shift) - 1) == 0 {
      return "\(count >> shift)\(unit)"
    }
    return "\(count)"
  }

  /// A byte in a string.
  private static func letter(_ byte: UInt8) -> String {
    switch byte {
    case 7: return "\\a"
    case 8: return "\\b"
    case 9: return "\\t"
    case 10: return "\\n"
    case 11: return "\\v"
    case 12: return "\\f"
    case 13: return "\\r"
    case UInt8(ascii: "\""): return "\\\""
    case UInt8(ascii: "\\"): return "\\\\"
    case 0x20..<0x7F: return String(UnicodeScalar(byte))
    default:
      let digits = String(byte, radix: 16)
      return "\\x" + (digits.count < 2 ? "0" : "") + digits
    }
  }
}
