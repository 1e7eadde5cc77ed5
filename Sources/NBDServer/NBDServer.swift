import CHost
import Dispatch
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that offers disks to NBD clients.
public final class NBDServer: Sendable {
  /// Where it waits for clients; a port of 0 is replaced by the real one, inherited
  /// sockets by the address of the first.
  public let endpoint: Endpoint

  private let services: ConnectionServices
  private let group: MultiThreadedEventLoopGroup
  private let listeners: [any Channel]
  private let metricsListeners = Mutex<[Listener]>([])
  private let isStopping = Atomic(false)

  private struct Listener {
    var channel: any Channel
    var endpoint: Endpoint
  }

  /// The unix socket's file, if the server made it.
  private let socketFile: String?

  /// Starts a server; clients can connect when it returns.
  ///
  /// - Parameters:
  ///   - endpoint: Where to wait for clients.
  ///   - catalog: What to offer.
  ///   - limits: What clients may cost.
  ///   - security: How to encrypt connections; `nil` for not at all.
  ///   - logger: Receives what happens.
  ///   - onLastDisconnect: Is called whenever the last of the clients has gone.
  /// - Throws: ``ServerError`` if the endpoint cannot be had.
  public init(
    on endpoint: Endpoint,
    catalog: ExportCatalog,
    limits: ServerLimits = ServerLimits(),
    security: TransportSecurity? = nil,
    logger: Logger,
    onLastDisconnect: @escaping @Sendable () -> Void = {}
  ) throws(ServerError) {
    group = MultiThreadedEventLoopGroup(numberOfThreads: NIOCore.System.coreCount)
    services = ConnectionServices(
      catalog: catalog,
      nearClient: endpoint.nearClient,
      limits: limits,
      logger: logger,
      security: security,
      eventLoops: Array(group.makeIterator()),
      onLastDisconnect: onLastDisconnect
    )
    if case .unix(let path, _) = endpoint { socketFile = path } else { socketFile = nil }
    // What is encrypted cannot go to another event loop later.
    let welcome: Binder.Welcome =
      security == nil
      ? .reception { [services] in Reception(services) } : .placement(services.counts(on:))
    let binder = Binder(group: group, welcome) { [services] channel in
      // Refused by an error, which closes it.
      guard services.register(channel) else { throw ChannelError.alreadyClosed }
      try channel.pipeline.syncOperations.addHandler(NegotiationHandler(services))
    }
    do throws(ServerError) {
      (self.endpoint, listeners) = try binder.bind(endpoint)
    } catch {
      try? group.syncShutdownGracefully()
      throw error
    }
  }

  /// Offers other exports to clients that connect from now on.
  ///
  /// Clients that are connected go on with what they have.
  ///
  /// - Parameters:
  ///   - catalog: What to offer.
  ///   - deferred: What is made first, on a thread of the server, one after the other.
  ///   - mayOffer: Is asked on that thread whether the catalog is still the one to offer.
  public func offer(
    _ catalog: ExportCatalog,
    afterMaking deferred: [DeferredContent] = [],
    if mayOffer: @escaping @Sendable () -> Bool = { true }
  ) {
    guard !deferred.isEmpty else {
      if mayOffer() { services.offer(catalog) }
      return
    }
    services.builders.submit { [services] isActive in
      guard isActive else { return }
      for content in deferred where mayOffer() { content.make() }
      if mayOffer() { services.offer(catalog) }
    }
  }

  /// What happened so far.
  public var metrics: ServerMetrics { services.currentMetrics }

  /// Answers collectors of metrics over HTTP, at `/metrics`, from now on.
  ///
  /// - Returns: Where, with the real port.
  /// - Throws: ``ServerError`` if the endpoint cannot be had.
  public func serveMetrics(on endpoint: Endpoint) throws(ServerError) -> Endpoint {
    let binder = Binder(group: group, .placement(services.counts(on:))) { [services] channel in
      guard services.registerCollector(channel) else { throw ChannelError.alreadyClosed }
      let operations = channel.pipeline.syncOperations
      try operations.configureHTTPServerPipeline(withErrorHandling: true)
      try operations.addHandler(MetricsHandler(services))
    }
    let (real, listeners) = try binder.bind(endpoint)
    metricsListeners.withLock { $0 += listeners.map { Listener(channel: $0, endpoint: real) } }
    return real
  }

  /// How long connections get to finish the replies that they are sending.
  private static let gracePeriod = TimeAmount.milliseconds(600)

  /// How long threads get to end that are not waiting for storage.
  private static let endingPeriod = DispatchTimeInterval.milliseconds(300)

  /// Ends the server: no new clients, replies on their way are finished, other
  /// requests are refused, and what is left after 0.6 seconds is cut off.
  ///
  /// Waits for all of that, but not for reads that wait for storage: their
  /// threads end when they come back. A unix socket's file is removed. Stopping
  /// once more does nothing.
  public func stop() {
    guard !isStopping.exchange(true, ordering: .relaxed) else { return }
    for listener in listeners { try? listener.close().wait() }
    if let socketFile { _ = unsafe host_remove_file(socketFile) }
    for listener in metricsListeners.withLock({ $0 }) {
      try? listener.channel.close().wait()
      if case .unix(let path, _) = listener.endpoint { _ = unsafe host_remove_file(path) }
    }
    for channel in services.channels.withLock({ $0.stop() }) {
      channel.pipeline.fireUserInboundEventTriggered(ServerIsShuttingDown())
    }
    let deadline = NIODeadline.now() + Self.gracePeriod
    while services.channels.withLock({ $0.count }) > 0 && NIODeadline.now() < deadline {
      host_sleep_milliseconds(5)
    }
    for channel in services.openChannels { channel.cutOff() }
    for channel in services.openCollectors { channel.cutOff() }
    // One after the other: what the pools still complete needs the event loops.
    // A serial queue, so that a pool's cancelled work comes before its end.
    let queue = DispatchQueue(label: "nbdgen.stop")
    let isEnded = DispatchSemaphore(value: 0)
    services.makers.shutDown(queue: queue) { [services, group] in
      services.pool.shutDown(queue: queue) {
        services.builders.shutDown(queue: queue) {
          group.shutdownGracefully(queue: queue) { _ in isEnded.signal() }
        }
      }
    }
    _ = isEnded.wait(timeout: .now() + Self.endingPeriod)
  }
}
