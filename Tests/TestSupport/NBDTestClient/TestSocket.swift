import Glibc

/// A connected stream socket on which nothing waits longer than `timeout`.
///
/// The only file of the client that handles pointers and descriptors.
final class TestSocket: TestTransport {
  /// The longest wait of one call, in seconds.
  var timeout: Double
  private var descriptor: Int32
  private let isTCP: Bool
  private var input: [UInt8] = []
  /// Where the unread part of `input` starts.
  private var inputStart = 0
  private var hasEnded = false

  init(unixPath: String, timeout: Double) throws {
    self.timeout = timeout
    isTCP = false
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try check(descriptor, "socket")
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(unixPath.utf8)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ConnectionFailure.misuse("socket path too long: \(unixPath)")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, size)
      }
    }
    try check(result, "connect to \(unixPath)")
    try stopBlocking()
  }

  init(tcpPort: Int, host: String, timeout: Double) throws {
    self.timeout = timeout
    isTCP = true
    descriptor = -1
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, String(tcpPort), &hints, &found)
    guard status == 0, let address = unsafe found?.pointee else {
      throw ConnectionFailure.misuse("cannot resolve \(host):\(tcpPort)")
    }
    defer { unsafe freeaddrinfo(found) }
    let type = unsafe address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = unsafe socket(address.ai_family, type, 0)
    try check(descriptor, "socket")
    let result = unsafe connect(descriptor, address.ai_addr, address.ai_addrlen)
    try check(result, "connect to \(host):\(tcpPort)")
    var yes: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    try check(
      unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size),
      "setsockopt"
    )
    try stopBlocking()
  }

  deinit {
    close()
  }

  func close() {
    guard descriptor >= 0 else { return }
    _ = Glibc.close(descriptor)
    descriptor = -1
  }

  /// Closes TCP with a reset instead of an orderly end; a Unix socket just closes.
  func reset() {
    if isTCP, descriptor >= 0 {
      var abortive = linger(l_onoff: 1, l_linger: 0)
      let size = socklen_t(MemoryLayout<linger>.size)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abortive, size)
    }
    close()
  }

  /// Tells the peer that nothing more will be sent; receiving goes on.
  func endSending() throws {
    try check(shutdown(descriptor, Int32(SHUT_WR)), "shutdown")
  }

  /// Sends all bytes; while `isDraining`, takes in what arrives so that neither side gets stuck.
  func send(_ bytes: [UInt8], isDraining: Bool) throws {
    let deadline = deadline(in: timeout)
    let noSignal = Int32(MSG_NOSIGNAL)
    var sent = 0
    while sent < bytes.count {
      let isListening = isDraining && !hasEnded
      let events = try wait(for: isListening ? POLLOUT | POLLIN : POLLOUT, until: deadline)
      guard events != 0 else {
        throw ConnectionFailure.timedOut("sent \(sent) of \(bytes.count) bytes in \(timeout) s")
      }
      if isListening, events & POLLIN != 0 { try fill(atLeast: 1) }
      guard events & ~POLLIN != 0 else { continue }
      let count = unsafe bytes.withUnsafeBytes {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: $0[sent...])
        return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, noSignal)
      }
      if count > 0 {
        sent += count
      } else if errno == EPIPE || errno == ECONNRESET {
        throw ConnectionFailure.closed(received: 0, wanted: 0)
      } else if errno != EAGAIN && errno != EINTR {
        throw ConnectionFailure.system("send", errno)
      }
    }
  }

  /// Returns exactly `count` bytes.
  func receive(_ count: Int) throws -> [UInt8] {
    guard count >= 0 else { throw ConnectionFailure.misuse("receive \(count) bytes") }
    guard try buffer(count, until: deadline(in: timeout)) else {
      if hasEnded { throw ConnectionFailure.closed(received: unread, wanted: count) }
      throw ConnectionFailure.timedOut("received \(unread) of \(count) bytes in \(timeout) s")
    }
    let bytes = Array(input[inputStart..<inputStart + count])
    inputStart += count
    if inputStart == input.count || inputStart > max(1 << 20, input.count / 2) {
      input.removeSubrange(..<inputStart)
      inputStart = 0
    }
    return bytes
  }

  /// Whether the stream has anything to say within `seconds`: bytes, its end, or `nil` for silence.
  func firstSign(within seconds: Double) throws -> Sign? {
    if try buffer(1, until: deadline(in: seconds)) { return .bytes }
    return hasEnded ? .end : nil
  }

  enum Sign { case bytes, end }

  /// The number of bytes that arrived but were not asked for yet.
  var unread: Int { input.count - inputStart }

  /// Waits until `count` bytes are buffered; false if the stream ends or time runs out before.
  private func buffer(_ count: Int, until deadline: ContinuousClock.Instant) throws -> Bool {
    while unread < count {
      guard !hasEnded, try wait(for: POLLIN, until: deadline) != 0 else { return false }
      try fill(atLeast: count - unread)
    }
    return true
  }

  /// Receives once what is there; a reset counts as the end of the stream.
  private func fill(atLeast missing: Int) throws {
    var failure: Int32 = 0
    let capacity = min(max(missing, 1 << 16), 1 << 22)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { space, count in
      let result = unsafe recv(descriptor, space.baseAddress, space.count, 0)
      failure = result < 0 ? errno : 0
      hasEnded = result == 0 || failure == ECONNRESET
      count = max(result, 0)
    }
    input.append(contentsOf: bytes)
    if ![0, EAGAIN, EINTR, ECONNRESET].contains(failure) {
      throw ConnectionFailure.system("recv", failure)
    }
  }

  /// Returns the events that are ready, or 0 when the deadline has passed.
  private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws -> Int32 {
    guard descriptor >= 0 else { throw ConnectionFailure.misuse("the client is closed") }
    while true {
      let left = max(.zero, deadline - .now) / .milliseconds(1)
      var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      let result = unsafe poll(&entry, 1, Int32(left.rounded(.up)))
      if result >= 0 { return Int32(entry.revents) }
      guard errno == EINTR else { throw ConnectionFailure.system("poll", errno) }
    }
  }

  private func deadline(in seconds: Double) -> ContinuousClock.Instant {
    // An infinite wait would not fit `poll`; a day is long enough.
    .now + .seconds(min(max(seconds, 0), 86_400))
  }

  private func stopBlocking() throws {
    try check(fcntl(descriptor, F_SETFL, O_NONBLOCK), "fcntl")
  }

  private func check(_ result: Int32, _ step: String) throws {
    guard result >= 0 else { throw ConnectionFailure.system(step, errno) }
  }
}
