import CHost
import Synchronization
import SystemPackage

/// A line at the bottom of a terminal that says how far something is, and goes when it
/// is done.
///
/// What takes less than a moment is not worth a line.
final class ProgressLine: Sendable {
  private let isTerminal: Bool
  private let state = Mutex(State())

  private struct State {
    /// When the line may be written next.
    var due: ContinuousClock.Instant
    var isShown = false

    /// Length of the longest line so far.
    var width = 0

    init() { due = .now + ProgressLine.patience }
  }

  /// Creates a line, which is shown on a terminal that can take it back, unless it
  /// should be quiet.
  init(isQuiet: Bool = false) {
    isTerminal =
      !isQuiet && Environment.variables["TERM"] != "dumb"
      && host_is_terminal(FileDescriptor.standardError.rawValue) != 0
  }

  /// How long nothing is said.
  private static let patience = Duration.milliseconds(400)

  /// How long a line stays as it is.
  private static let interval = Duration.milliseconds(100)

  /// Shows how many there are, from time to time.
  func show(_ what: String, _ count: Int) {
    show { "\(Self.grouped(count)) \(what)" }
  }

  /// Shows a bar, as long as what is done, from time to time.
  ///
  /// - Parameters:
  ///   - done: How much is done.
  ///   - whole: How much there is to do.
  ///   - note: What to say beside the bar.
  func show(_ done: Int, of whole: Int, _ note: String) {
    show {
      let share = whole > 0 ? min(1, Double(done) / Double(whole)) : 1
      let marks = Int(share * Double(Self.barWidth))
      let bar =
        String(repeating: "#", count: marks) + String(repeating: "-", count: Self.barWidth - marks)
      return "[\(bar)] \(Int(share * 100))% \(note)"
    }
  }

  /// Characters between the brackets of a bar.
  private static let barWidth = 24

  private func show(_ text: () -> String) {
    guard isTerminal else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard now >= state.due else { return }
      state.due = now + Self.interval
      state.isShown = true
      let line = "nbdgen: \(text())"
      // What was there may have been longer.
      let rest = String(repeating: " ", count: max(0, state.width - line.count))
      state.width = max(state.width, line.count)
      Self.write("\r\(line)\(rest)")
    }
  }

  /// Takes the line away.
  func clear() {
    state.withLock { state in
      guard state.isShown else { return }
      state.isShown = false
      Self.write("\r" + String(repeating: " ", count: state.width) + "\r")
    }
  }

  /// A number with a comma before each three digits.
  private static func grouped(_ count: Int) -> String {
    var text = ""
    for (index, digit) in String(count).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text = "," + text }
      text = String(digit) + text
    }
    return text
  }

  private static func write(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(Array(text.utf8))
  }
}
