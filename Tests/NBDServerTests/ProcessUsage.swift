import Foundation

/// What the process uses of the host.
enum ProcessUsage {
  /// Bytes of memory that are resident.
  static func residentSize() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Number of threads.
  static func threadCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
  }

  /// Number of the process's descriptors that are sockets bound to the path of
  /// a unix socket: the listener and the server's ends of its connections.
  static func socketCount(boundTo path: String) throws -> Int {
    // Its size is not known before it is read.
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/net/unix"))
    let table = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    let inodes = table.split(separator: "\n").filter { $0.hasSuffix(" " + path) }
      .compactMap { line in
        line.split(separator: " ", omittingEmptySubsequences: true).dropFirst(6).first
      }
    let links = Set(inodes.map { "socket:[\($0)]" })
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return names.count { name in
      // A descriptor may be closed by a test that runs at the same time.
      let link = "/proc/self/fd/\(name)"
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
      return target.map(links.contains) ?? false
    }
  }

  /// Whether each of the process's ends of connections at a port of 127.0.0.1 waits with
  /// small messages: has no `TCP_NODELAY`.
  static func delays(atPort port: Int) -> [Bool] {
    (0..<4096 as Range<Int32>).compactMap { descriptor in
      var (own, peer) = (sockaddr_in(), sockaddr_in())
      let isBound = unsafe name(of: descriptor, &own, getsockname)
      let isConnected = unsafe name(of: descriptor, &peer, getpeername)
      guard isBound, isConnected, own.sin_family == AF_INET, UInt16(bigEndian: own.sin_port) == port
      else {
        return nil
      }
      var isOn: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      _ = unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, &size)
      return isOn == 0
    }
  }

  /// Finds out the name of one end of a connection, if there is one.
  private static func name(
    of descriptor: Int32,
    _ address: inout sockaddr_in,
    _ call: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
  ) -> Bool {
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call(descriptor, $0, &size) == 0
      }
    }
  }
}

/// Whether `claim` holds now, or comes to hold within some seconds.
func holdsSoon(within seconds: Double = 10, _ claim: () throws -> Bool) rethrows -> Bool {
  let deadline = Date(timeIntervalSinceNow: seconds)
  while Date() < deadline {
    if try claim() { return true }
    Thread.sleep(forTimeInterval: 0.01)
  }
  return try claim()
}
