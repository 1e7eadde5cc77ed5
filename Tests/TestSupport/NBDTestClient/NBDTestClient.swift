/// A plain NBD client for tests, which trusts the server in nothing.
///
/// It blocks, uses one thread, and throws when the server breaks a rule (`ProtocolViolation`),
/// refuses (`OptionRefused`, `RequestFailed`) or falls silent (`ConnectionFailure`). Everything it
/// knows of the protocol is written down here a second time, on purpose: it shares no code with the
/// server.
///
/// There are three levels: bytes (`send`, `receive`), messages (`sendOption`, `readOptionReply`,
/// `sendRequest`, `readReply`), and whole exchanges (`go`, `read`, `blockStatus`, `collect`).
package final class NBDTestClient {
  let socket: any TestTransport

  /// Set by `readGreeting`.
  package internal(set) var greeting: Greeting?
  /// Set by `sendClientFlags`.
  package internal(set) var clientFlags: UInt32 = 0
  package internal(set) var hasStructuredReplies = false
  package internal(set) var hasExtendedHeaders = false
  /// The meta contexts that block status is answered for, by ID.
  package internal(set) var contexts: [UInt32: String] = [:]
  /// The export that `contexts` were set for.
  var contextsExportName = ""
  /// What `GO` or `EXPORT_NAME` said; `nil` while negotiating.
  package internal(set) var export: ExportInfo?

  /// Requests without a complete answer, by cookie.
  var pending: [UInt64: ReplyAssembly] = [:]
  /// Complete answers that nobody collected yet, by cookie.
  var finished: [UInt64: RequestResult] = [:]
  /// Cookies of `finished` in order of completion.
  var finishedOrder: [UInt64] = []
  var cookieCount: UInt64 = 0

  init(over transport: any TestTransport) { socket = transport }

  package convenience init(unixPath: String, timeout: Double = 20) throws {
    self.init(over: try TestSocket(unixPath: unixPath, timeout: timeout))
  }

  package convenience init(
    tcpPort: Int,
    host: String = "127.0.0.1",
    timeout: Double = 20
  ) throws {
    self.init(over: try TestSocket(tcpPort: tcpPort, host: host, timeout: timeout))
  }

  /// The longest wait of one call that sends or receives, in seconds.
  package var timeout: Double {
    get { socket.timeout }
    set { socket.timeout = newValue }
  }

  package func close() {
    socket.close()
  }

  /// Disappears abruptly: TCP sends a reset, a Unix socket just closes.
  package func reset() {
    socket.reset()
  }

  /// Half-closes: the server sees the end of the stream, replies can still be read.
  package func endSending() throws {
    try socket.endSending()
  }

  package func send(_ bytes: [UInt8]) throws {
    try socket.send(bytes, isDraining: false)
  }

  /// Sends the bytes in many small writes; on TCP each becomes a segment of its own.
  package func send(_ bytes: [UInt8], inPiecesOf size: Int) throws {
    for start in stride(from: 0, to: bytes.count, by: max(size, 1)) {
      try send(Array(bytes[start..<min(start + max(size, 1), bytes.count)]))
    }
  }

  /// Returns exactly `count` bytes; throws if the stream ends or `timeout` passes before.
  package func receive(_ count: Int) throws -> [UInt8] {
    try socket.receive(count)
  }

  /// Returns all that comes before the server closes or resets the connection.
  package func receiveUntilEOF(limit: Int = 1 << 20) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let sign = try socket.firstSign(within: timeout) {
      if sign == .end { return bytes }
      bytes += try socket.receive(socket.unread)
      guard bytes.count <= limit else {
        throw ConnectionFailure.misuse("more than \(limit) bytes before the end")
      }
    }
    throw ConnectionFailure.timedOut("the connection stays open after \(bytes.count) bytes")
  }

  /// Whether the server closes or resets within that time without sending another byte.
  package func isAtEOF(within seconds: Double) throws -> Bool {
    try socket.firstSign(within: seconds) == .end
  }

  /// Whether the server neither sends nor closes for that time.
  package func isSilent(for seconds: Double) throws -> Bool {
    try socket.firstSign(within: seconds) == nil
  }
}
