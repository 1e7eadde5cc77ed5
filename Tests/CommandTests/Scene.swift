import Foundation
import TestSupport
import Testing

extension Tag {
  /// The command as it was built, as users start it.
  @Tag static var command: Self
}

/// Where tests of the command run, one after the other.
@globalActor
actor CommandThread {
  static let shared = CommandThread()
  private static let executor = ThreadExecutor(name: "commands")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe Self.executor.asUnownedSerialExecutor()
  }
}

/// A directory in which the command runs: `tree` to serve, `file`, and `tmp`
/// for temporary files, in which there is nothing.
struct Scene {
  private let directory: TemporaryDirectory
  private var before: [String] = []

  init() throws {
    directory = try TemporaryDirectory()
    try RawPath(self("tmp")).makeDirectory()
    try RawPath(self("tree")).makeDirectory()
    try RawPath(self("tree/file")).write(Array("content".utf8))
    try RawPath(self("file")).write()
    before = try everything()
  }

  /// The path of something in the directory.
  func callAsFunction(_ name: String) -> String { directory(name) }

  /// The command, to be run in the directory.
  func nbdgen(_ environment: [String: String] = [:]) throws -> Program {
    let variables = ["TMPDIR": self("tmp")].merging(environment) { $1 }
    return try .nbdgen(environment: variables, directory: directory.path)
  }

  /// Runs the command to its end.
  func run(
    _ arguments: [String],
    environment: [String: String] = [:],
    timeout: Double = 30
  ) throws -> Outcome {
    try nbdgen(environment).run(arguments, timeout: timeout)
  }

  /// From now on, what is in the directory belongs there.
  mutating func settle() throws { before = try everything() }

  /// What a run put into the directory and left there, or took out.
  func leftovers() throws -> [String] {
    try Set(everything()).symmetricDifference(before).sorted()
  }

  private func everything() throws -> [String] {
    // Goes on where it may not look.
    try Program("find").run([directory.path, "-mindepth", "1", "-printf", "%P\\n"]).lines
  }
}

/// Expects that the command ended with one line for the user.
func expectOneLine(_ outcome: Outcome, status: Int32, saying fragments: [String]) {
  #expect(outcome.status == status, "\(outcome)")
  #expect(outcome.output.isEmpty, "\(outcome)")
  #expect(outcome.errors.last == 10)
  #expect(outcome.errorLines.count == 1, "\(outcome)")
  let line = outcome.errorLines.first ?? ""
  #expect(line.hasPrefix("nbdgen: "), "\(line)")
  #expect(!line.contains("Error("), "not for people: \(line)")
  for fragment in fragments { #expect(line.contains(fragment), "\(line)") }
}
