import Foundation

/// A program of the host that judges what the project makes could not do so.
package struct ToolFailure: Error, CustomStringConvertible {
  /// What was run, and what came of it.
  package var description: String
}

/// Runs a program of the host and returns what it wrote to standard output.
///
/// - Throws: ``ToolFailure`` if it is not installed or does not exit with 0:
///   a test without its judge has failed.
@discardableResult
package func runTool(_ name: String, _ arguments: [String]) throws -> String {
  let variable = ProcessInfo.processInfo.environment["PATH"] ?? ""
  let folders = variable.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/bin"]
  let path = folders.map { "\($0)/\(name)" }.first {
    FileManager.default.isExecutableFile(atPath: $0)
  }
  guard let path else { throw ToolFailure(description: "\(name) is not installed") }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.environment = ["LC_ALL": "C", "PATH": folders.joined(separator: ":")]
  let (output, errors) = (Pipe(), try TemporaryFile())
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = output
  process.standardError = errors.handle
  try process.run()
  let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationReason == .exit, process.terminationStatus == 0 else {
    let line = ([name] + arguments).joined(separator: " ")
    let status = process.terminationStatus
    throw ToolFailure(description: "\(line) ended with \(status): \(text)\(try errors.text())")
  }
  return text
}

/// A file without a name.
private struct TemporaryFile {
  let handle: FileHandle

  init() throws {
    guard let file = unsafe tmpfile() else { throw ToolFailure(description: "no temporary file") }
    handle = FileHandle(fileDescriptor: dup(unsafe fileno(file)), closeOnDealloc: true)
    unsafe fclose(file)
  }

  func text() throws -> String {
    try handle.seek(toOffset: 0)
    return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
  }
}
