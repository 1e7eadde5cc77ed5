public import DiskModel
import NIOCore

/// One client's connection, as far as an export may depend on it.
public struct Session: Sendable {
  /// The name that the client asks for: at most 4,096 bytes, none of them NUL,
  /// and not always UTF-8; empty for the default export.
  public var exportName: [UInt8]

  /// Where the client is.
  public var client: ClientAddress

  /// When the client connected.
  public var connectedAt: ContinuousClock.Instant

  /// What else the server knows of the connection, in words for people.
  public var facts: [(subject: String, value: String)]
}

/// Where a client is.
public enum ClientAddress: Sendable, Equatable, CustomStringConvertible {
  /// On this host, at the other end of a unix socket.
  case unix

  /// On another side of a virtual machine, or on this one, at the other end of a vsock.
  case vsock

  /// At an address without brackets, IPv4 or IPv6, and a port.
  case tcp(address: String, port: Int)

  /// Where the client of a connection is; `near` if it has no address and port.
  init(of channel: any Channel, near: ClientAddress) {
    if let address = channel.remoteAddress, let host = address.ipAddress, let port = address.port {
      self = .tcp(address: host, port: port)
    } else {
      self = near
    }
  }

  /// The address as `address:port`, IPv6 in brackets; `unix` or `vsock` for others.
  public var description: String {
    switch self {
    case .unix: "unix"
    case .vsock: "vsock"
    case .tcp(let address, let port) where address.contains(":"): "[\(address)]:\(port)"
    case .tcp(let address, let port): "\(address):\(port)"
    }
  }
}

/// A recipe for the disk of one session.
public struct SessionDisk: Sendable {
  /// Whether equal export names mean equal bytes, whoever asks and when.
  public var isSameForAll: Bool

  /// Makes the disk for a client that asks for it.
  ///
  /// It runs on a thread where it disturbs no other client, and is bounded in
  /// time and memory by whoever wrote it: a client chooses its input.
  public var make: @Sendable (Session) throws(SessionDiskError) -> Disk

  /// Creates a recipe.
  public init(
    isSameForAll: Bool,
    make: @escaping @Sendable (Session) throws(SessionDiskError) -> Disk
  ) {
    self.isSameForAll = isSameForAll
    self.make = make
  }
}

/// Why there is no disk for a session.
public struct SessionDiskError: Error, Equatable {
  /// What is wrong and what to do, in one line for the client's user.
  public var problem: String

  /// Creates an error.
  public init(_ problem: String) { self.problem = problem }
}
