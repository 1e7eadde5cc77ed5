import Logging
import SystemPackage

/// The standard error: what people read, so that the standard output remains
/// that of the command that `--run` runs.
enum StandardError {
  /// Prints a line, in one piece.
  static func print(_ line: String) {
    _ = try? FileDescriptor.standardError.writeAll(Array("\(line)\n".utf8))
  }
}

/// Prints log messages as lines of the form that errors have.
struct StandardErrorLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    StandardError.print("nbdgen: \(event.level.rawValue): \(event.message)")
  }
}
