import CHost
import Synchronization
import SystemPackage

/// A line at the bottom of a terminal that says how far something is, and goes when it
/// is done.
///
/// What takes less than a moment is not worth a line.
final class ProgressLine: Sendable {
  private let isTerminal = host_is_terminal(FileDescriptor.standardError.rawValue) != 0
  private let state = Mutex(State())

  private struct State {
    /// When the line may be written next.
    var due: ContinuousClock.Instant
    var isShown = false

    init() { due = .now + ProgressLine.patience }
  }

  /// How long nothing is said.
  private static let patience = Duration.milliseconds(400)

  /// How long a line stays as it is.
  private static let interval = Duration.milliseconds(100)

  /// Shows how many there are, from time to time.
  func show(_ what: String, _ count: Int) {
    guard isTerminal else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard now >= state.due else { return }
      state.due = now + Self.interval
      state.isShown = true
      Self.write("\rnbdgen: \(Self.grouped(count)) \(what)")
    }
  }

  /// Takes the line away.
  func clear() {
    state.withLock { state in
      guard state.isShown else { return }
      state.isShown = false
      Self.write("\r" + String(repeating: " ", count: 60) + "\r")
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
