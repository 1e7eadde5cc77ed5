import CHost
import DiskModel
import Logging
import NBDProtocol
import NIOCore
import NIOSSL
import Synchronization

/// What all connections of a server share.
final class ConnectionServices: Sendable {
  private let offered: Mutex<ExportCatalog>
  let nearClient: ClientAddress
  let limits: ServerLimits
  let logger: Logger

  /// How connections are encrypted; `nil` if they are not.
  let security: TransportSecurity?

  /// Reads what would make an event loop wait.
  let pool = LazyThreadPool(width: 8)

  /// Makes the exports that depend on a session, one after the other, so that
  /// strangers' wishes never keep more than one processor busy.
  let makers = LazyThreadPool(width: 1)

  /// The event loops.
  let eventLoops: [any EventLoop]

  /// Makes what is made when somebody asks for it first.
  let builders = LazyThreadPool(width: 4)

  /// What clients that connect now are offered.
  var catalog: ExportCatalog { offered.withLock(\.self) }

  /// Offers something else to clients that connect from now on.
  func offer(_ catalog: ExportCatalog) {
    // The old one may take a while to go, without the lock.
    let old = offered.withLock { offered in
      defer { offered = catalog }
      return offered
    }
    withExtendedLifetime(old) {}
  }

  /// What is counted.
  let metrics = MetricsStore()

  /// Where replies are that cannot go out.
  let buffers: Buffers

  private let incidents: Incidents

  /// Connections of those who collect metrics.
  private let collectors = Mutex(Connections())

  private let onLastDisconnect: @Sendable () -> Void

  /// Connections that are open, for ending them.
  let channels = Mutex(Connections())

  /// What failed to be read and was logged.
  private let loggedFailures = Mutex<Set<String>>([])

  /// How many subjects are remembered before failures are no longer logged.
  private static let failureLimit = 10_000

  init(
    catalog: ExportCatalog,
    nearClient: ClientAddress,
    limits: ServerLimits,
    logger: Logger,
    security: TransportSecurity?,
    eventLoops: [any EventLoop],
    onLastDisconnect: @escaping @Sendable () -> Void
  ) {
    self.onLastDisconnect = onLastDisconnect
    offered = Mutex(catalog)
    self.nearClient = nearClient
    self.limits = limits
    self.logger = logger
    self.security = security
    self.eventLoops = eventLoops
    buffers = Buffers(limit: limits.bufferSize)
    incidents = Incidents(logger)
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
    guard isNews else { return }
    logger.error(
      "\(failure): clients that read it get an I/O error",
      metadata: [
        "file": "\(failure.subject)", "offset": "\(failure.offset)", "cause": "\(failure.cause)",
      ]
    )
  }

  /// Counts, and perhaps logs, that the server ends a connection.
  func logEnd(of channel: any Channel, _ reason: EndReason, _ message: String) {
    metrics.count { $0.ends.add(1, to: reason) }
    let client = "\(self.client(of: channel))"
    if reason == .network {
      logger.debug("closed a connection: \(message)", metadata: ["client": "\(client)"])
    } else {
      incidents.log(message, reason: reason, client: client)
    }
  }

  /// Where the client of a connection is.
  func client(of channel: any Channel) -> ClientAddress {
    ClientAddress(of: channel, near: nearClient)
  }

  /// Takes note of an error of the connection itself, which then has to be closed.
  func logEnd(of channel: any Channel, after error: any Error) {
    let isEncryption = error is NIOSSLError || error is BoringSSLError
    let message = isEncryption ? TransportSecurity.summary(of: error) : "\(error)"
    logEnd(of: channel, isEncryption ? .encryption : .network, message)
  }

  /// Takes note of whether a client reads its replies.
  ///
  /// - Parameters:
  ///   - channel: The client's.
  ///   - size: Bytes that wait for it, too, besides those that the channel has.
  func noteWritability(of channel: any Channel, besides size: Int = 0) {
    guard !channel.isWritable else { return buffers.unblock(channel) }
    let waiting = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
    if buffers.block(channel, size: size + (waiting ?? 0)) { scheduleSweep(channel.eventLoop) }
  }

  /// Cuts off those who hold the room that others need, in a while.
  private func scheduleSweep(_ eventLoop: any EventLoop) {
    eventLoop.scheduleTask(in: Buffers.patience) { [self] in
      let (clients, isDueAgain) = buffers.takeStuck(now: .now())
      for channel in clients {
        let limit = limits.bufferSize
        let message = "it does not read its replies, and all replies take more than \(limit) bytes"
        logEnd(of: channel, .bufferMemory, message)
        channel.cutOff()
      }
      if isDueAgain { scheduleSweep(eventLoop) }
    }
  }

  /// What happened so far.
  var currentMetrics: ServerMetrics {
    var total = metrics.total()
    total.openCount = channels.withLock { $0.count }
    total.bufferedSize = buffers.usedSize
    return total
  }

  /// Keeps track of a connection until it closes.
  ///
  /// - Returns: Whether there may be one more; if not, it should be closed.
  func register(_ channel: any Channel) -> Bool {
    let address = channel.remoteAddress?.ipAddress
    guard admit(channel, from: address) else { return false }
    follow(channel, from: address)
    return true
  }

  /// Counts a connection among those that are open, until it is followed and closes, or is
  /// forgotten.
  ///
  /// - Returns: Whether there may be one more; if not, it should be closed.
  func admit(_ channel: any Channel, from address: String?) -> Bool {
    metrics.count { $0.connectionCount += 1 }
    if let excess = channels.withLock({ $0.add(channel, from: address, limits) }) {
      metrics.count { $0.ends.add(1, to: excess.reason) }
      if excess.isNews {
        logger.warning(
          "\(excess.text): further ones are closed",
          metadata: ["reason": "\(excess.reason.name)"]
        )
      }
      return false
    }
    connectionCount.add(1, ordering: .relaxed)
    return true
  }

  /// Forgets a connection when it closes.
  func follow(_ channel: any Channel, from address: String?) {
    channel.closeFuture.whenComplete { [self] _ in
      buffers.unblock(channel)
      forget(channel, from: address)
    }
  }

  /// Forgets a connection that is closed.
  func forget(_ channel: any Channel, from address: String?) {
    let isEmpty = channels.withLock { $0.remove(ObjectIdentifier(channel), from: address) }
    if isEmpty { noteEmptiness(channel.eventLoop) }
  }

  /// The last client has gone.
  func noteEmptiness(_ eventLoop: any EventLoop) {
    onLastDisconnect()
    scheduleTrim(eventLoop)
  }

  /// Gives memory back to the host when many clients have come and gone, and none has come
  /// for a while, or they keep coming; the allocator would keep it.
  private func scheduleTrim(_ eventLoop: any EventLoop, postponed: Int = 0) {
    let count = connectionCount.load(ordering: .relaxed)
    guard count >= trimmedCount.load(ordering: .relaxed) + Self.trimLimit,
      !isTrimScheduled.exchange(true, ordering: .relaxed)
    else { return }
    eventLoop.scheduleTask(in: .milliseconds(200)) { [self] in
      isTrimScheduled.store(false, ordering: .relaxed)
      // Otherwise the last one to go will see to it.
      guard openChannels.isEmpty else { return }
      let now = connectionCount.load(ordering: .relaxed)
      guard now == count || postponed == Self.mostPostponed else {
        return scheduleTrim(eventLoop, postponed: postponed + 1)
      }
      trimmedCount.store(now, ordering: .relaxed)
      makers.submit { isActive in
        if isActive { host_trim_memory() }
      }
    }
  }

  /// How many times giving memory back is put off.
  private static let mostPostponed = 4

  /// Connections so far.
  private let connectionCount = Atomic(0)

  /// How many there had been when memory was given back last.
  private let trimmedCount = Atomic(0)

  /// Whether it is going to be looked whether memory should be given back.
  private let isTrimScheduled = Atomic(false)

  /// After fewer connections there is nothing worth giving back.
  private static let trimLimit = 100

  /// Keeps track of a connection of somebody who collects metrics.
  ///
  /// - Returns: Whether there may be one more; if not, it should be closed.
  func registerCollector(_ channel: any Channel) -> Bool {
    let excess = collectors.withLock { $0.add(channel, from: nil, MetricsHandler.limits) }
    guard excess == nil else { return false }
    let identifier = ObjectIdentifier(channel)
    channel.closeFuture.whenComplete { [self] _ in
      _ = collectors.withLock { $0.remove(identifier, from: nil) }
    }
    return true
  }

  /// Whether an event loop has one connection at most.
  func isAlmostIdle(_ eventLoop: any EventLoop) -> Bool {
    channels.withLock { $0.count(on: eventLoop) }
      + collectors.withLock { $0.count(on: eventLoop) } <= 1
  }

  /// How many connections each of some event loops has.
  @Sendable func counts(on eventLoops: [any EventLoop]) -> [Int] {
    let clients = channels.withLock { clients in eventLoops.map { clients.count(on: $0) } }
    let collectors = collectors.withLock { clients in eventLoops.map { clients.count(on: $0) } }
    return zip(clients, collectors).map(+)
  }

  var openCollectors: [any Channel] { collectors.withLock { Array($0.channels.values) } }

  var openChannels: [any Channel] { channels.withLock { Array($0.channels.values) } }
}

/// Tells a connection's handler that the server is about to end.
struct ServerIsShuttingDown: Sendable {}
