import Glibc

/// A stream socket; whoever has it last closes it.
public struct Socket: Sendable {
  /// The number the system knows it by.
  public let descriptor: Int32

  /// Opens a socket that is connected to nobody.
  public init(domain: Int32) throws {
    descriptor = socket(domain, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw LoadFailure.system("socket", errno) }
  }

  /// Takes over a descriptor.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Connects to a server.
  public init(to address: Address) throws {
    switch address {
    case .unix: try self.init(domain: AF_UNIX)
    case .tcp: try self.init(domain: AF_INET)
    }
    guard unsafe address.withSocketAddress({ unsafe connect(descriptor, $0, $1) }) == 0 else {
      let code = errno
      close()
      throw LoadFailure.system("connect to \(address)", code)
    }
    if case .tcp = address { sendAtOnce() }
  }

  /// Listens on an address, for the floor server.
  public init(listeningOn address: Address) throws {
    switch address {
    case .unix(let path):
      try self.init(domain: AF_UNIX)
      unsafe _ = unlink(path)
    case .tcp:
      try self.init(domain: AF_INET)
      setOption(SO_REUSEADDR)
    }
    guard unsafe address.withSocketAddress({ unsafe bind(descriptor, $0, $1) }) == 0,
      listen(descriptor, 64) == 0
    else { throw LoadFailure.system("listen on \(address)", errno) }
  }

  /// Switches Nagle's algorithm off.
  public func sendAtOnce() {
    var one: Int32 = 1
    unsafe _ = setsockopt(
      descriptor,
      Int32(IPPROTO_TCP),
      TCP_NODELAY,
      &one,
      socklen_t(MemoryLayout<Int32>.size)
    )
  }

  private func setOption(_ option: Int32) {
    var one: Int32 = 1
    unsafe _ = setsockopt(
      descriptor,
      SOL_SOCKET,
      option,
      &one,
      socklen_t(MemoryLayout<Int32>.size)
    )
  }

  /// Binds to a port of the loopback that is free, and says which.
  func bindToFreePort() throws -> UInt16 {
    let address = Address.tcp(port: 0)
    guard unsafe address.withSocketAddress({ unsafe bind(descriptor, $0, $1) }) == 0 else {
      throw LoadFailure.system("bind", errno)
    }
    var bound = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &bound) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe _ = getsockname(descriptor, $0, &size)
      }
    }
    return UInt16(bigEndian: bound.sin_port)
  }

  /// Closes the socket.
  public func close() {
    _ = Glibc.close(descriptor)
  }

  /// Sends all of `bytes`.
  public func send(_ bytes: UnsafeRawBufferPointer) throws {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe Glibc.send(
        descriptor,
        bytes.baseAddress?.advanced(by: sent),
        bytes.count - sent,
        Int32(MSG_NOSIGNAL)
      )
      if count > 0 {
        sent += count
      } else if errno != EINTR {
        throw LoadFailure.system("send", errno)
      }
    }
  }

  /// Sends all of `bytes`.
  public func send(_ bytes: [UInt8]) throws {
    try unsafe bytes.withUnsafeBytes { try unsafe send($0) }
  }

  /// Receives what there is, at most `room`; waits for at least a byte, awake at first.
  ///
  /// How long it takes to wake a sleeping client is no matter of the server's, and on an
  /// idle virtual machine more than everything else; so this client does not sleep while
  /// a server is quick.
  public func receiveAwake(into room: UnsafeMutableRawBufferPointer) throws -> Int {
    let end = Clocks.now() + Self.wakefulness
    repeat {
      let count = try unsafe receive(into: room, flags: Int32(MSG_DONTWAIT))
      if count > 0 { return count }
      sched_yield()
    } while Clocks.now() < end
    return try unsafe receive(into: room)
  }

  /// How long to stay awake, in nanoseconds.
  static let wakefulness = 50_000

  /// Receives what there is, at most `room`; waits for at least a byte.
  public func receive(into room: UnsafeMutableRawBufferPointer, flags: Int32 = 0) throws -> Int {
    while true {
      let count = unsafe recv(descriptor, room.baseAddress, room.count, flags)
      if count > 0 { return count }
      if count == 0 { throw LoadFailure.closed }
      if errno == EAGAIN { return 0 }
      if errno != EINTR { throw LoadFailure.system("receive", errno) }
    }
  }

  /// Receives exactly `count` bytes.
  public func receive(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var received = 0
    while received < count {
      received += try unsafe bytes.withUnsafeMutableBytes { room in
        try unsafe receiveAwake(into: UnsafeMutableRawBufferPointer(rebasing: room[received...]))
      }
    }
    return bytes
  }
}

/// Why a load ended early.
public enum LoadFailure: Error, CustomStringConvertible {
  /// A system call failed: what was tried, and `errno`.
  case system(String, Int32)
  /// The server closed the connection.
  case closed
  /// The server said something that this client does not expect.
  case protocolViolation(String)
  /// The server replied with an error number.
  case replied(UInt32)
  /// A reply differs from what it should have been.
  case wrongBytes(offset: Int)
  /// Where the plan has requests go, the disk has no room for one.
  case noRoom(requestSize: Int, diskSize: Int)

  /// What happened, in words.
  public var description: String {
    switch self {
    case .system(let what, let code): unsafe "\(what): \(String(cString: strerror(code)))"
    case .closed: "the server closed the connection"
    case .protocolViolation(let what): "the server \(what)"
    case .replied(let code): "the server replied with error \(code)"
    case .wrongBytes(let offset): "wrong bytes at offset \(offset)"
    case .noRoom(let requestSize, let diskSize):
      "the disk of \(diskSize) bytes has no room for \(requestSize) bytes where they are wanted"
    }
  }
}
