/// A connection in transmission, and what was agreed on.
public struct Negotiated: Sendable {
  /// The connection.
  public var socket: Socket
  /// Size of the export in bytes.
  public var size: Int
  /// Whether reads are answered by structured replies.
  public var isStructured: Bool
  /// Whether `base:allocation` was selected.
  public var hasBlockStatus: Bool
}

/// Numbers of the NBD specification, section "Values".
enum NBD {
  static let optionMagic: UInt64 = 0x4948_4156_454F_5054
  static let requestMagic: UInt32 = 0x2560_9513
  static let simpleReplyMagic: UInt32 = 0x6744_6698
  static let structuredReplyMagic: UInt32 = 0x668E_33EF
  static let go: UInt32 = 7
  static let structuredReply: UInt32 = 8
  static let setMetaContext: UInt32 = 10
  static let acknowledged: UInt32 = 1
  static let info: UInt32 = 3
  static let metaContext: UInt32 = 4

  static func option(_ code: UInt32, _ data: [UInt8] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: optionMagic)
    bytes.append(bigEndian: code)
    bytes.append(bigEndian: UInt32(data.count))
    return bytes + data
  }

  /// `NBD_OPT_GO` of an export, asking for no information.
  static func go(to name: String) -> [UInt8] {
    var data: [UInt8] = []
    data.append(bigEndian: UInt32(name.utf8.count))
    return option(go, data + Array(name.utf8) + [0, 0])
  }
}

extension Negotiated {
  /// Connects and negotiates structured replies, `base:allocation` if wanted, and the
  /// export without a name, or else the one named default, for nbd-server has no other.
  public init(to address: Address, blockStatus: Bool = false) throws {
    self.init(
      socket: try Socket(to: address),
      size: 0,
      isStructured: false,
      hasBlockStatus: false
    )
    do {
      try greet()
      isStructured = try isAcknowledged(NBD.structuredReply)
      if blockStatus && isStructured { hasBlockStatus = try selectAllocation() }
      guard try !go(to: "") else { return }
      guard try go(to: "default") else {
        throw LoadFailure.protocolViolation("refuses the export")
      }
    } catch {
      socket.close()
      throw error
    }
  }

  /// Takes the server's greeting, and agrees to what is fixed and newstyle, without
  /// zeroes.
  func greet() throws {
    let greeting = try socket.receive(18)
    guard greeting.number(at: 8, as: UInt64.self) == NBD.optionMagic else {
      throw LoadFailure.protocolViolation("does not greet as fixed newstyle")
    }
    try socket.send([0, 0, 0, 3])
  }

  /// A reply to an option: its type and data.
  private func reply() throws -> (type: UInt32, data: [UInt8]) {
    let header = try socket.receive(20)
    let count = Int(header.number(at: 16, as: UInt32.self))
    guard count <= 1 << 20 else { throw LoadFailure.protocolViolation("sends a long option reply") }
    return (header.number(at: 12, as: UInt32.self), try socket.receive(count))
  }

  private func isAcknowledged(_ option: UInt32) throws -> Bool {
    try socket.send(NBD.option(option))
    return try reply().type == NBD.acknowledged
  }

  private func selectAllocation() throws -> Bool {
    let name = Array("base:allocation".utf8)
    var data: [UInt8] = []
    data.append(bigEndian: UInt32(0))
    data.append(bigEndian: UInt32(1))
    data.append(bigEndian: UInt32(name.count))
    try socket.send(NBD.option(NBD.setMetaContext, data + name))
    var isSelected = false
    while true {
      let type = try reply().type
      guard type == NBD.metaContext else { break }
      isSelected = true
    }
    return isSelected
  }

  /// Whether the server lets the client go on to transmission.
  mutating func go(to name: String) throws -> Bool {
    try socket.send(NBD.go(to: name))
    while true {
      let (type, data) = try reply()
      if type == NBD.acknowledged { return true }
      guard type == NBD.info else { return false }
      if data.count == 12 { size = Int(data.number(at: 2, as: UInt64.self)) }
    }
  }

  /// Says goodbye and closes the connection.
  public func disconnect() {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: NBD.requestMagic)
    bytes.append(bigEndian: UInt32(2))
    bytes += [UInt8](repeating: 0, count: 20)
    try? socket.send(bytes)
    socket.close()
  }
}
