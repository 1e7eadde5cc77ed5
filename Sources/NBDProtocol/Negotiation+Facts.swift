/// Something that is known of a connection, for people.
public struct ConnectionFact: Sendable, Equatable {
  /// What it is about.
  public var subject: String

  /// What is known of that.
  public var value: String

  /// Creates a fact.
  public init(_ subject: String, _ value: String) {
    self.subject = subject
    self.value = value
  }
}

extension Negotiation {
  /// What the client has said so far, and what came of it.
  public var facts: [ConnectionFact] {
    var facts = [
      ConnectionFact("client flags", clientFlags),
      ConnectionFact("options", history.map(\.name).joined(separator: ", ")),
      ConnectionFact("structured replies", form == .simple ? "no" : "yes"),
      ConnectionFact("extended headers", form == .extended ? "yes" : "no"),
      ConnectionFact("meta contexts", contextNames),
    ]
    if case .information(let request, _) = pending {
      let names = request.information.map(\.name).joined(separator: ", ")
      facts.append(ConnectionFact("requested information", names.isEmpty ? "none" : names))
      facts.append(ConnectionFact("block sizes", Self.blockSizes(for: request)))
    }
    return facts
  }

  private var clientFlags: String {
    var names: [String] = []
    if handshake?.contains(.fixedNewstyle) == true { names.append("fixed newstyle") }
    if handshake?.contains(.noZeroes) == true { names.append("no zeroes") }
    return names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  private var contextNames: String {
    guard let selection, !selection.contexts.isEmpty else { return "none" }
    return selection.contexts.map(\.name).joined(separator: ", ")
  }

  private static func blockSizes(for request: ExportRequest) -> String {
    guard request.information.contains(.blockSize) else {
      return "not requested; any request of up to \(BlockSizes.maximumPayload) bytes"
    }
    return "minimum \(BlockSizes.minimum), preferred \(BlockSizes.preferred), "
      + "maximum payload \(BlockSizes.maximumPayload)"
  }
}

extension InformationType {
  /// What the specification calls it.
  fileprivate var name: String {
    switch self {
    case .export: "NBD_INFO_EXPORT"
    case .name: "NBD_INFO_NAME"
    case .description: "NBD_INFO_DESCRIPTION"
    case .blockSize: "NBD_INFO_BLOCK_SIZE"
    default: "information \(rawValue)"
    }
  }
}
