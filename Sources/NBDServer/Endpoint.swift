/// Where a server waits for clients.
public enum Endpoint: Sendable, Equatable, CustomStringConvertible {
  /// A socket in the filesystem, at a path of at most 107 bytes.
  case unix(path: String)

  /// A TCP port; 0 asks the host for a free one. Without an address it is the
  /// loopback, by IPv4 and, where there is one, by IPv6.
  case tcp(address: String?, port: Int)

  /// The endpoint for people.
  public var description: String {
    switch self {
    case .unix(let path): path
    case .tcp(let address?, let port): "\(address) port \(port)"
    case .tcp(nil, let port): "port \(port)"
    }
  }
}

/// Why a server could not start.
public struct ServerError: Error, Equatable, CustomStringConvertible {
  /// Where it was to wait.
  public var endpoint: Endpoint

  /// What is wrong and what to do, for people.
  public var problem: String

  /// One line that names the endpoint.
  public var description: String { "\(endpoint): \(problem)" }
}
