/// What carries bytes between a test client and a server.
protocol TestTransport: AnyObject {
  /// The longest wait of one call, in seconds.
  var timeout: Double { get set }

  /// Number of bytes that have arrived and were not received.
  var unread: Int { get }

  func close()
  func reset()
  func endSending() throws
  func send(_ bytes: [UInt8], isDraining: Bool) throws

  /// Returns exactly `count` bytes.
  func receive(_ count: Int) throws -> [UInt8]

  /// What is seen first of the peer within that time, if anything.
  func firstSign(within seconds: Double) throws -> TestSocket.Sign?
}

/// What a server has said to somebody, for a client to look at once more; nothing
/// that is sent arrives anywhere.
private final class RecordedStream: TestTransport {
  var timeout = 0.0
  private var bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var unread: Int { bytes.count - position }
  func close() {}
  func reset() {}
  func endSending() {}
  func send(_ bytes: [UInt8], isDraining: Bool) {}

  func receive(_ count: Int) throws -> [UInt8] {
    guard count <= unread else {
      throw ConnectionFailure.closed(received: unread, wanted: count)
    }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  func firstSign(within seconds: Double) -> TestSocket.Sign? { unread > 0 ? .bytes : .end }
}

extension NBDTestClient {
  /// Creates a client to which a server has said these bytes, and nothing else.
  package convenience init(hearing bytes: [UInt8]) {
    self.init(over: RecordedStream(bytes))
  }

  /// Whether everything that the server said was looked at.
  package var hasHeardAll: Bool { socket.unread == 0 }

  /// Takes for granted what was agreed on with the server.
  package func assume(
    clientFlags: UInt32 = 0,
    isStructured: Bool,
    isExtended: Bool,
    contexts: [UInt32: String] = [:],
    exportSize: UInt64? = nil
  ) {
    self.clientFlags = clientFlags
    hasStructuredReplies = isStructured
    hasExtendedHeaders = isExtended
    self.contexts = contexts
    export = exportSize.map { ExportInfo(size: $0, flags: 0) }
  }
}
