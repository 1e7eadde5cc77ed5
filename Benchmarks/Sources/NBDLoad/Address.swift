import Glibc

/// Where a server listens.
public enum Address: Sendable, Hashable, CustomStringConvertible {
  /// A socket in the file system.
  case unix(path: String)
  /// A port of the loopback, 127.0.0.1.
  case tcp(port: UInt16)

  /// The address as it is shown.
  public var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .tcp(let port): "127.0.0.1:\(port)"
    }
  }

  /// How NBD's clients write it, for the export without a name.
  public var uri: String {
    switch self {
    case .unix(let path): "nbd+unix:///?socket=\(path)"
    case .tcp(let port): "nbd://127.0.0.1:\(port)"
    }
  }

  /// Calls `body` with what connect(2) and bind(2) want.
  func withSocketAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    switch self {
    case .unix(let path):
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
        precondition(path.utf8.count < room.count, "the path of a socket is short")
        unsafe room.copyBytes(from: path.utf8)
      }
      return unsafe Self.withSocketAddress(of: &address, body)
    case .tcp(let port):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      return unsafe Self.withSocketAddress(of: &address, body)
    }
  }

  private static func withSocketAddress<Address, R>(
    of address: inout Address,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  /// A port that nobody listens on now.
  public static func freePort() throws -> Address {
    let socket = try Socket(domain: AF_INET)
    defer { socket.close() }
    return try .tcp(port: socket.bindToFreePort())
  }
}
