import DiskModel
import Logging
import NBDServer
import Synchronization
import TestSupport

/// A server in the test's process; it stops when the value goes away.
final class RunningServer: Sendable {
  let server: NBDServer
  let log = LogRecorder()
  private let directory: TemporaryDirectory
  private let isStopped = Atomic(false)

  /// Offers the exports on a fresh unix socket, or on a free TCP port.
  init(
    _ exports: [Export],
    other: Export? = nil,
    isTCP: Bool = false,
    limits: ServerLimits = ServerLimits(),
    security: TransportSecurity? = nil
  ) throws {
    let log = log
    directory = try TemporaryDirectory()
    server = try NBDServer(
      on: isTCP ? .tcp(address: nil, port: 0) : .unix(path: directory("socket")),
      catalog: ExportCatalog(exports, other: other),
      limits: limits,
      security: security,
      logger: Logger(label: "test") { _ in log }
    )
  }

  /// Offers one disk under the name `disk`.
  convenience init(
    _ disk: Disk,
    isTCP: Bool = false,
    limits: ServerLimits = ServerLimits(),
    security: TransportSecurity? = nil
  ) throws {
    let export = Export(name: "disk", description: "", disk: disk)
    try self.init([export], isTCP: isTCP, limits: limits, security: security)
  }

  deinit { stop() }

  /// Stops the server, the first time.
  func stop() {
    if !isStopped.exchange(true, ordering: .relaxed) { server.stop() }
  }

  /// Where clients find it.
  var endpoint: NBDTestClient.Endpoint {
    switch server.endpoint {
    case .unix(let path, _): .unix(path)
    case .tcp(_, let port): .tcp(port: port)
    case .inherited, .connection, .vsock: .unix(path)
    }
  }

  /// The path of the unix socket.
  var path: String { directory("socket") }

  /// A client that has exchanged flags with the server.
  func negotiating(flags: UInt32 = 3) throws -> NBDTestClient {
    try NBDTestClient.negotiating(endpoint, clientFlags: flags)
  }

  /// A client that uses the default export.
  func connect(structured: Bool = true) throws -> NBDTestClient {
    try NBDTestClient.connect(endpoint, structured: structured)
  }

  /// Shows that the server still serves others.
  func checkService() throws {
    let client = try NBDTestClient.connect(endpoint)
    try client.perform(NBD.Command.flush)
    try client.disconnect()
    guard try client.isAtEOF(within: 10) else {
      throw ConnectionFailure.timedOut("the server does not close after DISC")
    }
    client.close()
  }
}

extension Logger {
  /// Keeps everything to itself.
  static var silent: Logger { Logger(label: "test") { _ in LogRecorder() } }
}
