import CHost
import DiskModel
import Logging
import NBDProtocol
import NIOCore
import NIOPosix
import Synchronization

/// What all connections of a server share.
final class ConnectionServices: Sendable {
  let catalog: ExportCatalog
  let limits: ServerLimits
  let logger: Logger

  /// How connections are encrypted; `nil` if they are not.
  let security: TransportSecurity?

  /// Reads what would make an event loop wait.
  let pool: NIOThreadPool

  /// Makes the exports that depend on a session, one after the other, so that
  /// strangers' wishes never keep more than one processor busy.
  let makers: NIOThreadPool

  private let onLastDisconnect: @Sendable () -> Void

  /// Connections that are open, for ending them.
  private let channels = Mutex(Connections())

  /// What failed to be read and was logged.
  private let loggedFailures = Mutex<Set<String>>([])

  /// How many subjects are remembered before failures are no longer logged.
  private static let failureLimit = 10_000

  init(
    catalog: ExportCatalog,
    limits: ServerLimits,
    logger: Logger,
    security: TransportSecurity?,
    pool: NIOThreadPool,
    makers: NIOThreadPool,
    onLastDisconnect: @escaping @Sendable () -> Void
  ) {
    self.onLastDisconnect = onLastDisconnect
    self.catalog = catalog
    self.limits = limits
    self.logger = logger
    self.security = security
    self.pool = pool
    self.makers = makers
  }

  /// What clients are told about TLS.
  var tlsMode: TLSMode {
    guard let security else { return .off }
    return security.isRequired ? .required : .optional
  }

  /// Logs that bytes could not be read, once for each file.
  func log(_ failure: ReadFailure) {
    let isNews = loggedFailures.withLock { logged in
      logged.count < Self.failureLimit && logged.insert(failure.subject).inserted
    }
    if isNews { logger.error("\(failure): clients that read it get an I/O error") }
  }

  /// Keeps track of a connection until it closes.
  ///
  /// - Returns: Whether there may be one more; if not, it should be closed.
  func register(_ channel: any Channel) -> Bool {
    let identifier = ObjectIdentifier(channel)
    let eventLoop = channel.eventLoop
    let address = channel.remoteAddress?.ipAddress
    let (excess, isNews) = channels.withLock { $0.add(channel, from: address, limits) }
    if let excess {
      if isNews { logger.warning("\(excess): further ones are closed") }
      return false
    }
    connectionCount.add(1, ordering: .relaxed)
    channel.closeFuture.whenComplete { [self] _ in
      let isLast = channels.withLock { $0.remove(identifier, from: address) }
      guard isLast else { return }
      onLastDisconnect()
      scheduleTrim(eventLoop)
    }
    return true
  }

  /// Gives memory back to the host when many clients have come and gone; the
  /// allocator would keep it.
  private func scheduleTrim(_ eventLoop: any EventLoop) {
    guard connectionCount.load(ordering: .relaxed) >= Self.trimLimit else { return }
    eventLoop.scheduleTask(in: .milliseconds(200)) { [self] in
      guard openChannels.isEmpty else { return }
      connectionCount.store(0, ordering: .relaxed)
      makers.submit { state in
        if case .active = state { host_trim_memory() }
      }
    }
  }

  /// Connections since memory was given back last.
  private let connectionCount = Atomic(0)

  /// After fewer connections there is nothing worth giving back.
  private static let trimLimit = 100

  var openChannels: [any Channel] { channels.withLock { Array($0.channels.values) } }
}

/// Tells a connection's handler that the server is about to end.
struct ServerIsShuttingDown: Sendable {}

/// Sizes that bound what one connection may cost, whatever was asked for.
enum ConnectionLimits {
  /// Most bytes that may follow a request: those of any write, which are thrown
  /// away; with extended headers, the maximum payload.
  static func payloadSize(_ form: ReplyForm) -> Int {
    form == .extended ? Int(BlockSizes.maximumPayload) : Int(UInt32.max)
  }

  /// Reads longer than this are answered piece by piece, in bytes.
  static let pieceSize = 1 << 17

  /// Replies are gathered up to this size before they are sent, in bytes.
  static let batchSize = 1 << 17

  /// What a read counts that is on its way, besides its bytes; so there are at
  /// most 1,024 of them, unless the limit is another.
  static let inFlightOverhead = 1 << 12

  /// How long one connection keeps its event loop busy before others get their
  /// turn.
  static let turn = TimeAmount.milliseconds(2)

  /// How long it then gives way: long enough for the event loop to look for
  /// what has arrived elsewhere.
  static let pause = TimeAmount.microseconds(100)

  /// When the socket takes no more than this, production of replies stops.
  static let writeBuffer = ChannelOptions.Types.WriteBufferWaterMark(low: 1 << 16, high: 1 << 17)
}
