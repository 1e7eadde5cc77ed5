import Foundation

/// The command, serving something to a test.
package final class NbdgenProcess: Sendable {
  /// Where it listens, as it says itself.
  package let uri: String

  /// Its unix socket; `nil` if it listens on TCP.
  package let socket: String?

  /// Its process.
  package let running: RunningProgram

  private let directory: TemporaryDirectory

  /// What kind of socket a server listens on.
  package enum Transport: String, Sendable, CaseIterable {
    case unix, tcp
  }

  /// Starts `nbdgen` with these arguments, and waits until it says that it
  /// serves.
  package init(
    _ arguments: [String],
    over transport: Transport = .unix,
    environment: [String: String] = [:]
  ) throws {
    directory = try TemporaryDirectory()
    let options: [String]
    switch transport {
    case .unix:
      socket = directory("socket")
      options = ["-U", directory("socket")]
    case .tcp:
      socket = nil
      options = ["-p", "0"]
    }
    running = try Program.nbdgen(environment: environment).start(options + arguments)
    let line = try running.errorLine(within: 60) { $0.contains("; in qemu: ") }
    guard let start = line.range(of: ", at nbd"), let end = line.range(of: "; in qemu: ") else {
      throw ToolFailure(description: "no URI in the announcement: \(line)")
    }
    let mark = ", at "
    uri = String(line[line.index(start.lowerBound, offsetBy: mark.count)..<end.lowerBound])
  }

  /// Where ``NBDTestClient`` finds it.
  package func endpoint() throws -> NBDTestClient.Endpoint {
    if let socket { return .unix(socket) }
    guard let port = URL(string: uri)?.port else {
      throw ToolFailure(description: "no port in \(uri)")
    }
    return .tcp(port: port, host: "127.0.0.1")
  }

  /// What it logged so far.
  package func log() throws -> [String] { try running.outcomeSoFar().errorLines }

  /// Ends it by a signal, and returns the exit status.
  ///
  /// - Throws: ``ToolFailure`` if it does not end within `seconds`.
  @discardableResult
  package func stop(_ signal: Int32 = SIGTERM, within seconds: Double = 5) throws -> Int32 {
    running.send(signal)
    return try running.outcome(within: seconds).status
  }
}
