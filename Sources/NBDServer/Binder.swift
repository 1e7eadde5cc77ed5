import CHost
import NIOCore
import NIOPosix
import SystemPackage

/// Opens the sockets that a server listens on.
struct Binder {
  /// Serves the clients.
  let group: MultiThreadedEventLoopGroup

  /// What becomes of clients that are accepted.
  let welcome: Welcome

  /// Puts a client's handlers into place; a failure closes the connection.
  let initialize: @Sendable (any Channel) throws -> Void

  /// What becomes of clients that are accepted.
  enum Welcome {
    /// They go to an event loop that has few clients, of which this says how many each has.
    case placement(@Sendable ([any EventLoop]) -> [Int])
    /// They stay where they are, at first, and somebody else puts their handlers into place.
    case reception(@Sendable () -> Reception)
  }

  init(
    group: MultiThreadedEventLoopGroup,
    _ welcome: Welcome,
    initialize: @escaping @Sendable (any Channel) throws -> Void
  ) {
    self.group = group
    self.welcome = welcome
    self.initialize = initialize
  }

  /// Longest path of a unix socket, in bytes (`sun_path`, less its NUL).
  private static let pathLimit = 107

  /// Clients that may wait to be accepted.
  private static let backlog: CInt = 1024

  /// Room for what is read from a client at a time: requests are small, and a
  /// connection keeps the room; who sends much gets more.
  private static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
    minimum: 1 << 11,
    initial: 1 << 11,
    maximum: 1 << 15
  )

  /// Listens on the endpoint.
  ///
  /// - Returns: The endpoint with the real port, and the sockets.
  func bind(_ endpoint: Endpoint) throws(ServerError) -> (Endpoint, [any Channel]) {
    switch endpoint {
    case .unix(let path, let mode):
      guard path.utf8.count <= Self.pathLimit else {
        let count = path.utf8.count
        throw ServerError(
          endpoint: endpoint,
          problem: "a socket's path has at most \(Self.pathLimit) bytes, this has \(count)"
        )
      }
      // Bound by ourselves, as SwiftNIO takes no path of more than 103 bytes.
      let socket = unsafe host_bind_unix_socket(path, CInt(mode))
      guard socket >= 0 else {
        throw ServerError(endpoint: endpoint, problem: Self.problem(-socket, endpoint))
      }
      return (endpoint, [try attempt(endpoint) { $0.withBoundSocket(socket) }])
    case .tcp(let address?, let port):
      let listener = try attempt(endpoint) { $0.bind(host: address, port: port) }
      return (.tcp(address: address, port: listener.localAddress?.port ?? port), [listener])
    case .tcp(nil, let port):
      return try bindLoopback(endpoint, port)
    case .vsock(let context, let port):
      let address = VsockAddress(
        cid: context.map { VsockAddress.ContextID(rawValue: $0) } ?? .any,
        port: VsockAddress.Port(rawValue: port)
      )
      return (endpoint, [try attempt(endpoint) { $0.bind(to: address) }])
    case .inherited(let descriptors):
      return try takeOver(endpoint, descriptors)
    case .connection(let input, let output):
      try connect(endpoint, input: input, output: output)
      return (endpoint, [])
    }
  }

  /// Listens on sockets that somebody else made.
  private func takeOver(
    _ endpoint: Endpoint,
    _ descriptors: [CInt]
  ) throws(ServerError) -> (Endpoint, [any Channel]) {
    var listeners: [any Channel] = []
    for descriptor in descriptors {
      guard host_take_listening_socket(descriptor) == 1 else {
        let problem = "not a stream socket that listens, as the environment says it is"
        throw ServerError(endpoint: .inherited([descriptor]), problem: problem)
      }
      listeners.append(try attempt(endpoint) { $0.withBoundSocket(descriptor) })
    }
    switch listeners.first?.localAddress {
    case .unixDomainSocket(let address)?:
      return (.unix(path: SocketAddress.unixDomainSocket(address).pathname ?? ""), listeners)
    case let address?:
      return (.tcp(address: address.ipAddress, port: address.port ?? 0), listeners)
    case nil:
      return (endpoint, listeners)
    }
  }

  /// Serves the one client that there is.
  private func connect(
    _ endpoint: Endpoint,
    input: CInt,
    output: CInt?
  ) throws(ServerError) {
    do {
      if let output {
        _ = try NIOPipeBootstrap(group: group)
          .channelInitializer(start)
          .takingOwnershipOfDescriptors(input: input, output: output).wait()
      } else {
        _ = try ClientBootstrap(group: group)
          .channelInitializer(start)
          .withConnectedSocket(input).wait()
      }
    } catch {
      let problem = "not a socket or a pair of pipes with a client at the other end"
      throw ServerError(endpoint: endpoint, problem: problem)
    }
  }

  /// Gets a client's connection going, of whatever kind it is.
  private func start(_ channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      try Self.sendAtOnce(channel)
      try Self.prepare(channel)
      try initialize(channel)
    }
  }

  /// Sets the options of a client's connection that the channel has, not its socket.
  static func prepare(_ channel: any Channel) throws {
    let options = channel.syncOptions
    try options?.setOption(.allowRemoteHalfClosure, value: true)
    try options?.setOption(.writeBufferWaterMark, value: ConnectionLimits.writeBuffer)
    try options?.setOption(.recvAllocator, value: receiveAllocator)
    // The end of input then never comes with the last of it: see TransmissionHandler.
    try options?.setOption(.maxMessagesPerRead, value: 1)
  }

  /// Has replies leave when they are there, over TCP.
  static func sendAtOnce(_ channel: any Channel) throws {
    guard channel.remoteAddress?.port != nil else { return }
    try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
  }

  /// Listens on both loopback addresses; a host without IPv6 has one.
  private func bindLoopback(
    _ endpoint: Endpoint,
    _ port: Int
  ) throws(ServerError) -> (Endpoint, [any Channel]) {
    let first = try attempt(endpoint) { $0.bind(host: "127.0.0.1", port: port) }
    let realPort = first.localAddress?.port ?? port
    let second = try? attempt(endpoint) { $0.bind(host: "::1", port: realPort) }
    return (.tcp(address: nil, port: realPort), [first] + (second.map { [$0] } ?? []))
  }

  private func attempt(
    _ endpoint: Endpoint,
    _ bind: (ServerBootstrap) -> EventLoopFuture<any Channel>
  ) throws(ServerError) -> any Channel {
    do {
      return try bind(bootstrap(endpoint)).wait()
    } catch {
      throw ServerError(endpoint: endpoint, problem: Self.problem(error, endpoint))
    }
  }

  private func bootstrap(_ endpoint: Endpoint) -> ServerBootstrap {
    let isTCP = if case .tcp = endpoint { true } else { false }
    var loops = group.makeIterator()
    let home = loops.next() ?? group.any()
    var bootstrap = ServerBootstrap(group: home)
      .serverChannelOption(.backlog, value: Self.backlog)
      // To look for another one that may have come meanwhile costs what accepting one does.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          let operations = channel.pipeline.syncOperations
          switch welcome {
          case .placement(let count):
            try operations.addHandler(Placement(group, count: count, start: start))
          case .reception(let make):
            try operations.addHandler(make())
          }
        }
      }
    if case .placement = welcome { bootstrap = bootstrap.childChannelInitializer(start) }
    if isTCP {
      bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    }
    return bootstrap
  }

  private static func problem(_ error: any Error, _ endpoint: Endpoint) -> String {
    guard let error = error as? IOError else { return "cannot listen: \(error)" }
    return problem(error.errnoCode, endpoint)
  }

  private static func problem(_ error: CInt, _ endpoint: Endpoint) -> String {
    switch (error, endpoint) {
    case (EADDRINUSE, .unix):
      return "something has this path already; remove it or use another"
    case (EADDRINUSE, .tcp):
      return "another program listens there; use another port, or 0 for a free one"
    case (EADDRINUSE, .vsock):
      return "another program listens there; use another port"
    case (EAFNOSUPPORT, .vsock), (ENODEV, .vsock), (EADDRNOTAVAIL, .vsock):
      return "this host has no such vsock: \(Errno(rawValue: error).description)"
    case (EACCES, .tcp), (EACCES, .vsock):
      return "only root may listen there; use a port from 1024 on"
    default:
      return "cannot listen: \(Errno(rawValue: error).description)"
    }
  }
}
