import NBDProtocol

/// What came of an option.
enum Outcome: Equatable {
  case replies([SeenReply])
  case transmission([UInt8], Negotiation.Agreement)
  case end([UInt8])
  /// Replies, behind which TLS starts.
  case encryption([SeenReply])
  case malformed([UInt8])

  /// The numbers of the reply types, errors as negative ones.
  var types: [Int] {
    replies.map { reply in reply.error.map { -Int($0) } ?? Int(reply.type) }
  }

  /// The replies, none if it was something else.
  var replies: [SeenReply] {
    switch self {
    case .replies(let replies), .encryption(let replies): replies
    case .transmission, .end, .malformed: []
    }
  }

  /// What was agreed on, if requests follow.
  var agreement: Negotiation.Agreement? {
    if case .transmission(_, let agreement) = self { agreement } else { nil }
  }
}

/// A negotiation with two exports, the first being the default one.
struct NegotiationPeer {
  var negotiation: Negotiation

  static let first = ExportInformation(
    name: Array("first".utf8),
    description: "a disk",
    size: 0x123_4567
  )
  static let second = ExportInformation(name: Array("second".utf8), description: "", size: .max)

  init(flags: UInt32 = 3, tls: TLSMode = .off) {
    self.init(Negotiation(tls: tls), flags: flags)
  }

  init(_ negotiation: Negotiation, flags: UInt32 = 3) {
    self.negotiation = negotiation
    _ = self.negotiation.receive(clientFlags: flags)
  }

  /// Sends an option, and does for it what a server does.
  mutating func option(_ code: UInt32, _ data: [UInt8] = []) -> Outcome {
    let bytes = wire(.u64(0x4948_4156_454F_5054), .u32(code), .u32(UInt32(data.count)))
    guard let header = OptionHeader(decoding: bytes) else { return .malformed(bytes) }
    var step = negotiation.receive(header, data: data)
    switch step {
    case .find(let name):
      step = negotiation.resolve(Self.export(named: name).map(Result.success) ?? Self.unknown)
    case .check(let name): step = negotiation.confirm(Self.export(named: name) != nil)
    case .listExports:
      step = negotiation.list(
        [Self.first, Self.second].map { (String(decoding: $0.name, as: UTF8.self), $0.description) }
      )
    case .send, .transmit, .close, .hangUp, .startTLS: break
    }
    switch step {
    case .send(let bytes): return SeenReply.parse(bytes).map(Outcome.replies) ?? .malformed(bytes)
    case .transmit(let bytes, let agreement): return .transmission(bytes, agreement)
    case .close(let bytes): return .end(bytes)
    case .hangUp: return .end([])
    case .startTLS(let bytes):
      return SeenReply.parse(bytes).map(Outcome.encryption) ?? .malformed(bytes)
    case .find, .check, .listExports: return .malformed([])
    }
  }

  private static var unknown: Result<ExportInformation, ExportRefusal> { .failure(.notThere) }

  private static func export(named name: [UInt8]) -> ExportInformation? {
    if name.isEmpty { return first }
    return [first, second].first { $0.name == name }
  }
}

/// The options' numbers, from the specification.
enum Code {
  static let exportName: UInt32 = 1
  static let abort: UInt32 = 2
  static let list: UInt32 = 3
  static let peekExport: UInt32 = 4
  static let startTLS: UInt32 = 5
  static let info: UInt32 = 6
  static let go: UInt32 = 7
  static let structuredReply: UInt32 = 8
  static let listMetaContext: UInt32 = 9
  static let setMetaContext: UInt32 = 10
  static let extendedHeaders: UInt32 = 11
}
