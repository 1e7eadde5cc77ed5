import Foundation

/// A program that a test runs.
package struct Program: Sendable {
  /// Where it is.
  package let path: String

  /// Variables beside those that every program gets, or instead of them.
  package var environment: [String: String]

  /// Where it is started; `nil` is the test's own working directory.
  package var directory: String?

  /// The program of this name, Debian's own before any other; or the one at
  /// this path.
  ///
  /// - Throws: ``ToolFailure`` if it is not installed: a test without its judge
  ///   has failed.
  package init(
    _ name: String,
    environment: [String: String] = [:],
    directory: String? = nil
  ) throws {
    let candidates = name.contains("/") ? [name] : Self.searchPath.map { "\($0)/\(name)" }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw ToolFailure(description: "\(name) is not installed")
    }
    self.path = path
    self.environment = environment
    self.directory = directory
  }

  /// The command that was built together with the tests.
  package static func nbdgen(
    environment: [String: String] = [:],
    directory: String? = nil
  ) throws -> Program {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folder = URL(fileURLWithPath: tests).deletingLastPathComponent().path
    return try Program("\(folder)/nbdgen", environment: environment, directory: directory)
  }

  /// A line for `/bin/sh -c`.
  package static func shell(
    _ line: String,
    environment: [String: String] = [:],
    directory: String? = nil,
    timeout: Double = 60
  ) throws -> Outcome {
    let shell = try Program("/bin/sh", environment: environment, directory: directory)
    return try shell.run(["-c", line], timeout: timeout)
  }

  private static let searchPath =
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
    + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)

  /// All variables that the program gets.
  var variables: [String] {
    let inherited = ProcessInfo.processInfo.environment
    var variables = ["LC_ALL": "C", "PATH": Self.searchPath.joined(separator: ":")]
    for name in ["HOME", "LD_LIBRARY_PATH", "TMPDIR", "USER"] {
      if let value = inherited[name] { variables[name] = value }
    }
    variables.merge(environment) { $1 }
    return variables.map { "\($0)=\($1)" }
  }

  /// Starts the program; its output goes to files without names.
  package func start(_ arguments: [String], input: [UInt8] = []) throws -> RunningProgram {
    try RunningProgram(self, arguments, input: input)
  }

  /// Runs the program to its end, whatever status that is.
  ///
  /// - Throws: ``ToolFailure`` if there is no end within `timeout` seconds; the
  ///   program, and what it started, is killed.
  package func run(
    _ arguments: [String],
    input: [UInt8] = [],
    timeout: Double = 60
  ) throws -> Outcome {
    let running = try start(arguments, input: input)
    return try running.outcome(within: timeout)
  }

  /// Runs the program, which has to succeed.
  ///
  /// - Throws: ``ToolFailure`` with all that it wrote if it does not exit with 0.
  @discardableResult
  package func succeed(
    _ arguments: [String],
    input: [UInt8] = [],
    timeout: Double = 60
  ) throws -> Outcome {
    let outcome = try run(arguments, input: input, timeout: timeout)
    guard outcome.status == 0 else {
      let line = ([path] + arguments).joined(separator: " ")
      throw ToolFailure(description: "\(line) ended with \(outcome)")
    }
    return outcome
  }
}

/// What came of a run.
package struct Outcome: Sendable, CustomStringConvertible {
  /// The exit status; 128 and the signal's number if a signal ended it.
  package var status: Int32
  /// What it wrote to standard output.
  package var output: [UInt8]
  /// What it wrote to standard error.
  package var errors: [UInt8]

  /// The standard output as text.
  package var text: String { String(decoding: output, as: UTF8.self) }
  /// The standard output, line by line.
  package var lines: [String] { Self.lines(output) }
  /// The standard error, line by line.
  package var errorLines: [String] { Self.lines(errors) }

  package var description: String {
    "status \(status)\n--- output\n\(excerpt(output))\n--- errors\n\(excerpt(errors))"
  }

  private func excerpt(_ bytes: [UInt8]) -> String {
    let limit = 4000
    let text = String(decoding: bytes.prefix(limit), as: UTF8.self)
    return bytes.count > limit ? "\(text) ... (\(bytes.count) bytes)" : text
  }

  static func lines(_ bytes: [UInt8]) -> [String] {
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }
}

extension ToolFailure {
  /// A failure of this description.
  package init(_ text: String) { self.init(description: text) }
}
