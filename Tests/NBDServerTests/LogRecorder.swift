import Logging
import Synchronization

/// Keeps what is logged.
final class LogRecorder: LogHandler {
  private let messages = Mutex<[(Logger.Level, String)]>([])

  /// The errors, in order.
  var errors: [String] {
    messages.withLock { messages in messages.filter { $0.0 >= .error }.map(\.1) }
  }

  /// The notices, in order.
  var notices: [String] {
    messages.withLock { messages in messages.filter { $0.0 == .notice }.map(\.1) }
  }

  /// The warnings, in order.
  var warnings: [String] {
    messages.withLock { messages in messages.filter { $0.0 == .warning }.map(\.1) }
  }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }

  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }

  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    messages.withLock { $0.append((event.level, event.message.description)) }
  }
}
