/// Where a server waits for clients.
public enum Endpoint: Sendable, Equatable, CustomStringConvertible {
  /// A socket in the filesystem, at a path of at most 107 bytes.
  ///
  /// The mode says who may connect, as that of a file: 0o600 is the user alone.
  case unix(path: String, mode: UInt16 = 0o600)

  /// A TCP port; 0 asks the host for a free one. Without an address it is the
  /// loopback, by IPv4 and, where there is one, by IPv6.
  case tcp(address: String?, port: Int)

  /// A port of the sockets between a virtual machine and its host (vsock(7)); without
  /// a context identifier, of any that this host has.
  case vsock(context: UInt32?, port: UInt32)

  /// Sockets that listen already, as a supervisor hands them over: descriptors that
  /// the server takes over.
  case inherited([CInt])

  /// One client, at the other end of a socket, or of a pair of pipes if there is an
  /// output: descriptors that the server takes over.
  case connection(input: CInt, output: CInt?)

  /// What is said of clients that have no address and port.
  var nearClient: ClientAddress {
    if case .vsock = self { .vsock } else { .unix }
  }

  /// The endpoint for people.
  public var description: String {
    switch self {
    case .unix(let path, _): path
    case .tcp(let address?, let port): "\(address) port \(port)"
    case .tcp(nil, let port): "port \(port)"
    case .vsock(let context?, let port): "vsock context \(context) port \(port)"
    case .vsock(nil, let port): "vsock port \(port)"
    case .inherited(let descriptors): "descriptor \(descriptors.first ?? -1)"
    case .connection: "the standard input and output"
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
