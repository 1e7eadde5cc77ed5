import CHost
import Logging
import Synchronization
import SystemPackage

/// Where log lines go, and in which form.
final class LogOutput: Sendable {
  /// The form of a line.
  enum Format: String, CaseIterable {
    /// For people.
    case text
    /// A JSON object, for programs.
    case json
  }

  let format: Format

  /// The file; `nil` is the standard error.
  let path: String?

  private let file: Mutex<FileDescriptor>

  /// Opens the file, or creates it; lines are added to its end.
  ///
  /// - Throws: ``UserError`` that names the file.
  init(format: Format, path: String?) throws {
    self.format = format
    self.path = path
    do throws(Errno) {
      file = Mutex(try path.map { path throws(Errno) in try Self.open(path) } ?? .standardError)
    } catch {
      throw UserError(host: "--log-file \(path ?? ""): cannot be opened: \(error.description)")
    }
  }

  private static func open(_ path: String) throws(Errno) -> FileDescriptor {
    do {
      return try unsafe FileDescriptor.open(
        path,
        .writeOnly,
        options: [.create, .append, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead]
      )
    } catch {
      throw error as? Errno ?? .ioError
    }
  }

  /// Opens the file once more, as after somebody renamed it; if that fails, the old
  /// one stays.
  ///
  /// - Returns: Why it failed.
  func reopen() -> String? {
    guard let path else { return nil }
    do throws(Errno) {
      let new = try Self.open(path)
      let old = file.withLock { file in
        defer { file = new }
        return file
      }
      try? old.close()
      return nil
    } catch {
      return "\(path): cannot be opened again: \(error.description)"
    }
  }

  /// Writes a line, in one piece.
  func write(_ line: String) {
    file.withLock { _ = try? $0.writeAll(Array("\(line)\n".utf8)) }
  }
}

/// Turns log events into lines.
struct LineLog: LogHandler {
  let output: LogOutput
  var logLevel = Logger.Level.notice
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { $1 }
      .map { (key: $0.key, value: "\($0.value)") }.sorted { $0.key < $1.key }
    let message = event.message.description
    let level = event.level.rawValue
    switch output.format {
    case .json:
      let fields = [("time", HostClock.timestamp), ("level", level), ("message", message)] + facts
      output.write(JSONLine.encode(fields))
    case .text:
      // What the message says already need not be said again.
      let rest = facts.filter { !message.contains($0.value) }
      let note = rest.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      let text = message + (note.isEmpty ? "" : " (\(note))")
      output.write(
        output.path == nil
          ? "nbdgen: \(level): \(text)" : "\(HostClock.timestamp) \(level): \(text)"
      )
    }
  }
}

/// A JSON object on a line of its own (RFC 8259).
enum JSONLine {
  /// Encodes fields in their order; values that are whole numbers are numbers.
  static func encode(_ fields: [(key: String, value: String)]) -> String {
    var object = JSONObject()
    for field in fields {
      if let number = Int(field.value), "\(number)" == field.value {
        object.add(field.key, number)
      } else {
        object.add(field.key, field.value)
      }
    }
    return object.text
  }
}
