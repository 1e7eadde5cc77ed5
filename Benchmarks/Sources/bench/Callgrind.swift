import Glibc
import NBDLoad

/// A server whose instructions are counted by valgrind.
final class Callgrind {
  let server: Server
  private let output: String
  private var dumps = 0

  /// Starts it, and waits until clients can connect.
  ///
  /// - Parameters:
  ///   - program: nbdgen.
  ///   - words: What is to be served.
  ///   - isAwake: Whether it stays awake for what clients do next. How often it looks then is
  ///     a matter of time, but few times where clients are so much quicker than it is.
  ///   - folder: Where to put files.
  /// - Throws: ``BenchFailure``
  init(_ program: String, _ words: [String], isAwake: Bool = false, in folder: String) throws {
    let output = "\(folder)/callgrind.out"
    self.output = output
    server = try Server(
      .nbdgen,
      at: .unix(path: "\(folder)/callgrind.socket"),
      log: "\(folder)/log",
      pause: 50_000
    ) { address in
      ["valgrind", "--tool=callgrind", "--callgrind-out-file=\(output)", program]
        + Commands.listen(address)
        + ["--limit", isAwake ? "busy-poll=1000" : "busy-poll=0"] + words
    }
  }

  /// A copy of a program that valgrind can read: it takes fright at so much about
  /// debugging.
  static func strip(_ program: String, in folder: String) throws -> String {
    let copy = "\(folder)/nbdgen"
    try shell("strip --strip-debug -o '\(copy)' '\(program)'")
    return copy
  }

  /// Instructions since the last time, and the file with all about them.
  func count() throws -> (instructions: Int, file: String) {
    dumps += 1
    let file = "\(output).\(dumps)"
    try shell("vgdb --pid=\(server.identifier) dump")
    for _ in 0..<100 {
      let lines = (try? TextFile.read(file))?.split(separator: "\n") ?? []
      for line in lines where line.hasPrefix("totals:") {
        guard let number = Int(line.dropFirst(7).drop(while: \.isWhitespace)) else { break }
        return (number, file)
      }
      usleep(20_000)
    }
    throw BenchFailure("callgrind does not say how many instructions there were")
  }
}
