import Logging
import Synchronization

/// Logs what clients did that the server does not take, without letting them fill
/// the log: each connection is told of once at most, and all of them together
/// ten times a minute.
final class Incidents: Sendable {
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var windowStart = ContinuousClock.now
    var count = 0
    var unsaidCount = 0
  }

  /// Lines in one window.
  private static let limit = 10
  private static let window = Duration.seconds(60)

  init(_ logger: Logger) { self.logger = logger }

  /// Logs that a connection was ended, if there is room for that.
  func log(_ message: String, reason: EndReason, client: String) {
    let unsaidCount: Int? = state.withLock { state in
      let now = ContinuousClock.now
      if now - state.windowStart >= Self.window {
        state.windowStart = now
        state.count = 0
      }
      guard state.count < Self.limit else {
        state.unsaidCount += 1
        return nil
      }
      state.count += 1
      defer { state.unsaidCount = 0 }
      return state.unsaidCount
    }
    guard let unsaidCount else { return }
    if unsaidCount > 0 {
      logger.notice(
        "closed \(unsaidCount) more connections, of which nothing was logged",
        metadata: ["count": "\(unsaidCount)"]
      )
    }
    logger.notice(
      "closed a connection: \(message)",
      metadata: ["client": "\(client)", "reason": "\(reason.name)"]
    )
  }
}
