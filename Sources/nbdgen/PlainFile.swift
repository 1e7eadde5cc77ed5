import CHost
import SystemPackage

/// A file that the user wants something written to.
enum PlainFile {
  /// Opens a file to be written from its start, and creates it if it is not there.
  ///
  /// - Parameters:
  ///   - path: Where it is.
  ///   - option: What the user wrote before the path, for errors.
  /// - Returns: The file, to be closed by the caller.
  /// - Throws: ``UserError`` that names both; also for a fifo that nobody reads, as
  ///   nobody may ever do.
  static func open(_ path: String, for option: String) throws(UserError) -> FileDescriptor {
    guard !path.isEmpty else {
      throw UserError(usage: "\(option): not a path; write that of a file")
    }
    let result = unsafe host_open_output(path)
    if result >= 0 { return FileDescriptor(rawValue: result) }
    let error = Errno(rawValue: -result)
    let cause =
      error == .noSuchAddressOrDevice ? "nobody reads this fifo" : error.description
    throw UserError(host: "\(option) \(path): cannot be written: \(cause)")
  }

  /// Writes a whole file; `-` is the standard output.
  static func write(_ text: String, to path: String, for option: String) throws(UserError) {
    if path == "-" {
      _ = try? FileDescriptor.standardOutput.writeAll(Array(text.utf8))
      return
    }
    let file = try open(path, for: option)
    do {
      _ = try file.closeAfter { try file.writeAll(Array(text.utf8)) }
    } catch {
      let cause = (error as? Errno)?.description ?? "\(error)"
      throw UserError(host: "\(option) \(path): cannot be written: \(cause)")
    }
  }
}

/// The standard output, written in large pieces; what is left is written at the end.
final class OutputLines {
  private var buffer: [UInt8] = []

  /// Whether nobody reads any more.
  private(set) var isClosed = false

  /// Writes a line.
  func print(_ line: String) {
    buffer += line.utf8
    buffer.append(10)
    if buffer.count >= 1 << 16 { flush() }
  }

  /// Writes what was not written yet.
  func flush() {
    if !isClosed { isClosed = (try? FileDescriptor.standardOutput.writeAll(buffer)) == nil }
    buffer.removeAll(keepingCapacity: true)
  }
}
