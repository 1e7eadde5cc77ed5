import NBDProtocol

/// What was counted, on one connection or by a whole server.
///
/// All numbers only grow.
public struct Tally: Sendable {
  /// Requests of each command that were taken.
  public internal(set) var requests = Counts<RequestKind>()

  /// Replies that were errors.
  public internal(set) var errors = Counts<ReplyErrorKind>()

  /// Bytes that successful reads asked for.
  public internal(set) var readSize = 0

  /// Parts of reads that storage had to be waited for.
  public internal(set) var waitCount = 0

  /// How long requests took, from being taken to being answered completely; then
  /// the reply is the socket's.
  public internal(set) var latency = LatencyHistogram()

  init() {}

  /// Adds what another one counted.
  mutating func add(_ other: Tally) {
    requests.add(other.requests)
    errors.add(other.errors)
    readSize &+= other.readSize
    waitCount &+= other.waitCount
    latency.add(other.latency)
  }
}

/// What requests are counted as.
public enum RequestKind: Int, CaseIterable, Sendable {
  case read, blockStatus, flush, cache, disconnect
  /// What would change the disk.
  case write
  case unknown

  init(_ command: Command) {
    switch command {
    case .read: self = .read
    case .blockStatus: self = .blockStatus
    case .flush: self = .flush
    case .cache: self = .cache
    case .disconnect: self = .disconnect
    case .write, .trim, .writeZeroes: self = .write
    default: self = .unknown
    }
  }

  /// What it is called where metrics are collected.
  public var name: String {
    switch self {
    case .read: "read"
    case .blockStatus: "block_status"
    case .flush: "flush"
    case .cache: "cache"
    case .disconnect: "disconnect"
    case .write: "write"
    case .unknown: "unknown"
    }
  }
}

/// What errors are counted as.
public enum ReplyErrorKind: Int, CaseIterable, Sendable {
  case notPermitted, inputOutput, invalid, overflow, shuttingDown

  init(_ error: ErrorNumber) {
    switch error {
    case .notPermitted: self = .notPermitted
    case .inputOutput: self = .inputOutput
    case .invalid: self = .invalid
    case .overflow: self = .overflow
    case .shuttingDown: self = .shuttingDown
    }
  }

  /// What the specification calls it.
  public var name: String {
    switch self {
    case .notPermitted: "EPERM"
    case .inputOutput: "EIO"
    case .invalid: "EINVAL"
    case .overflow: "EOVERFLOW"
    case .shuttingDown: "ESHUTDOWN"
    }
  }
}
