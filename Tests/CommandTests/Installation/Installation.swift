import Foundation
import TestSupport

/// What `make install` puts below a directory.
struct Installation {
  /// The directory: `DESTDIR`.
  let directory: TemporaryDirectory

  /// Where the program's things are inside.
  static let prefix = "/opt/nbdgen"

  /// One that all tests use.
  static func shared() throws -> Installation { try made.get() }

  private static let made = Result { try Installation(in: try TemporaryDirectory.shared()) }

  /// Installs the program that was built with the tests.
  init(in directory: TemporaryDirectory) throws {
    self.directory = directory
    try Self.make("install", in: directory)
  }

  /// Runs `make` for a goal of this installation.
  static func make(_ goal: String, in directory: TemporaryDirectory) throws {
    let top = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    try Program("make").succeed(
      [
        "--no-print-directory", "-C", top, goal, "PROGRAM=\(try Program.nbdgen().path)",
        "DOCS=\(directory("made"))", "DESTDIR=\(directory("root"))", "PREFIX=\(prefix)",
      ],
      timeout: 120
    )
  }

  /// The path of something below the prefix.
  func callAsFunction(_ path: String) -> String { directory("root\(Self.prefix)/\(path)") }

  /// All files, by their paths below the directory.
  func files() throws -> [String] {
    try Program("find").succeed([".", "!", "-type", "d"], in: directory("root")).lines.sorted()
  }
}

extension Program {
  /// Runs the program in a directory; it has to succeed.
  @discardableResult
  func succeed(_ arguments: [String], in directory: String) throws -> Outcome {
    var program = self
    program.directory = directory
    return try program.succeed(arguments)
  }
}
