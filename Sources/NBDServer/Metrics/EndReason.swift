/// Why the server ended a connection, or did not take it.
public enum EndReason: Int, CaseIterable, Sendable {
  case connections, connectionsPerAddress, negotiationTime, negotiationIdleTime
  case options, optionSize, bufferMemory
  /// The client broke the protocol.
  case violation
  /// There was no agreement on TLS, or it was broken.
  case encryption
  /// The client, or the network, failed.
  case network
  /// A disk failed where the protocol has no other way to say so.
  case disk

  /// What it is called where metrics are collected.
  public var name: String {
    switch self {
    case .connections: "connections"
    case .connectionsPerAddress: "connections_per_address"
    case .negotiationTime: "negotiation_time"
    case .negotiationIdleTime: "negotiation_idle_time"
    case .options: "options"
    case .optionSize: "option_size"
    case .bufferMemory: "buffer_memory"
    case .violation: "violation"
    case .encryption: "encryption"
    case .network: "network"
    case .disk: "disk"
    }
  }
}
