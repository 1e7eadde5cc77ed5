import TestSupport

/// Tells what options have to lead to, and whether they do.
///
/// It shares nothing with the server: the rules are told a second time, and the
/// test client reads the replies.
struct OptionJudge {
  /// What TLS is to the server.
  enum TLS: Int { case off, optional, required }

  /// What an option leads to.
  enum Verdict: Equatable {
    case goesOn
    case encrypts
    case transmits(exportName: [UInt8])
    case closes
  }

  var tls = TLS.off
  var flags: UInt32
  /// The exports' names and sizes; the first is the default.
  var exports: [(name: [UInt8], size: UInt64)]
  var optionLimit: Int

  private(set) var isEncrypted = false
  private(set) var isStructured = false
  private(set) var isExtended = false
  /// The export name that contexts were selected for, and these by number.
  private(set) var selected: (name: [UInt8], contexts: [UInt32: String])?
  /// Whether any option may be refused because the server is about to end.
  var mayShutDown = false
  private var optionCount = 0

  init(tls: TLS = .off, flags: UInt32, exports: [(name: [UInt8], size: UInt64)], limit: Int) {
    (self.tls, self.flags, self.exports, optionLimit) = (tls, flags, exports, limit)
  }

  private typealias Error = NBD.OptionReplyType

  private var mayStartTLS: Bool { flags & NBD.ClientFlag.fixedNewstyle != 0 }
  private var isForbidding: Bool { tls == .required && !isEncrypted }

  /// The size of the export that a name means.
  func size(of name: [UInt8]) -> UInt64? {
    name.isEmpty ? exports.first?.size : exports.first { $0.name == name }?.size
  }

  /// What block status can be asked for if this export is used.
  func contexts(of name: [UInt8]) -> [UInt32: String] {
    guard let selected, selected.name == name else { return [:] }
    return selected.contexts
  }

  private static let allContexts = ["base:allocation", "nbdgen:segment"]

  /// Reads what the server said to an option, and finds fault with it.
  mutating func judge(_ code: UInt32, _ data: [UInt8], _ client: NBDTestClient) throws -> Verdict {
    optionCount += 1
    guard optionCount <= optionLimit else { return .closes }
    client.assume(clientFlags: flags, isStructured: isStructured, isExtended: isExtended)
    if code == NBD.Option.exportName { return try judgeExportName(data, client) }
    let replies = try client.readOptionReplies(to: code)
    guard let last = replies.last else { return .closes }
    if mayShutDown && last.type == Error.shutdown && code != NBD.Option.abort { return .goesOn }
    let expected = refusal(code, data)
    let seen = last.isError ? last.type : nil
    try expect(seen == expected, "option \(code) \(data): \(show(seen)), not \(show(expected))")
    if expected != nil { try expect(replies.count == 1, "I3: something comes before an error") }
    return try accept(code, data, replies, client)
  }

  private func show(_ type: UInt32?) -> String {
    type.map { "error \($0 & ~Error.errorBit)" } ?? "success"
  }

  /// Which error an option has to get; `nil` for none.
  private func refusal(_ code: UInt32, _ data: [UInt8]) -> UInt32? {
    if isForbidding && code != NBD.Option.abort && code != NBD.Option.startTLS {
      return mayStartTLS ? Error.tlsRequired : Error.policy
    }
    switch code {
    case NBD.Option.abort: return nil
    case NBD.Option.list, NBD.Option.extendedHeaders: return data.isEmpty ? nil : Error.invalid
    case NBD.Option.structuredReply:
      guard data.isEmpty else { return Error.invalid }
      return isExtended ? Error.extendedHeadersRequired : nil
    case NBD.Option.startTLS:
      guard data.isEmpty, !isEncrypted else { return Error.invalid }
      return tls == .off || !mayStartTLS ? Error.unsupported : nil
    case NBD.Option.info, NBD.Option.go:
      guard let request = InfoData(data) else { return Error.invalid }
      return refusal(ofName: request.name)
    case NBD.Option.listMetaContext, NBD.Option.setMetaContext:
      guard let request = ContextData(data) else { return Error.invalid }
      if Self.isName(request.name), code == NBD.Option.setMetaContext, !isStructured {
        return Error.invalid
      }
      return refusal(ofName: request.name)
    default: return Error.unsupported
    }
  }

  private func refusal(ofName name: [UInt8]) -> UInt32? {
    guard Self.isName(name) else { return Error.invalid }
    return size(of: name) == nil ? Error.unknown : nil
  }

  private static func isName(_ name: [UInt8]) -> Bool { name.count <= 4096 && !name.contains(0) }

  private func judgeExportName(_ name: [UInt8], _ client: NBDTestClient) throws -> Verdict {
    guard !isForbidding, !isExtended, let size = size(of: name) else { return .closes }
    let told = try client.readExportNameReply()
    try expect(told.size == size, "X1: the export has \(size) bytes, not \(told.size)")
    return .transmits(exportName: name)
  }

  /// Looks at what came before the last reply, and remembers what was agreed on.
  private mutating func accept(
    _ code: UInt32,
    _ data: [UInt8],
    _ replies: [NBDTestClient.OptionReply],
    _ client: NBDTestClient
  ) throws -> Verdict {
    // M6: whatever comes of it.
    if code == NBD.Option.setMetaContext && !isForbidding { selected = nil }
    guard let last = replies.last, !last.isError else { return .goesOn }
    switch code {
    case NBD.Option.abort: return .closes
    case NBD.Option.startTLS:
      (isEncrypted, isStructured, isExtended, selected) = (true, false, false, nil)
      return .encrypts
    case NBD.Option.structuredReply: isStructured = true
    case NBD.Option.extendedHeaders: (isStructured, isExtended) = (true, true)
    case NBD.Option.list:
      let names = try replies.dropLast().map { Array(try NBDTestClient.listedExport($0).name.utf8) }
      try expect(names == exports.map(\.name), "L1: the list is \(names)")
    case NBD.Option.info, NBD.Option.go:
      guard let request = InfoData(data) else { break }
      let told = try client.exportInfo(in: replies, asked: request.types)
      try expect(told.size == size(of: request.name), "I1: a size of \(told.size)")
      let hasPayload = told.has(NBD.TransmissionFlag.blockStatusPayload)
      try expect(
        hasPayload == (isExtended && !contexts(of: request.name).isEmpty),
        "F4: \(told.flags)"
      )
      if code == NBD.Option.go { return .transmits(exportName: request.name) }
    case NBD.Option.listMetaContext, NBD.Option.setMetaContext:
      try acceptContexts(code, data, replies.dropLast())
    default: break
    }
    return .goesOn
  }

  private mutating func acceptContexts(
    _ code: UInt32,
    _ data: [UInt8],
    _ replies: ArraySlice<NBDTestClient.OptionReply>
  ) throws {
    guard let request = ContextData(data) else { return }
    let isSetting = code == NBD.Option.setMetaContext
    let askedFor = Self.allContexts.filter { context in
      let namespace = context.prefix { $0 != ":" } + ":"
      return request.queries.contains(Array(context.utf8))
        || !isSetting
          && (request.queries.isEmpty || request.queries.contains(Array(namespace.utf8)))
    }
    let told = try replies.map(NBDTestClient.metaContext)
    try expect(told.map(\.name) == askedFor, "M1-M5: \(told)")
    guard isSetting else { return }
    let numbers = Set(told.map(\.id))
    try expect(numbers.count == told.count, "M11: \(told)")
    selected = (request.name, Dictionary(told.map { ($0.id, $0.name) }) { $1 })
  }
}

/// The data of `INFO` and `GO`; `nil` if its lengths do not agree.
private struct InfoData {
  var name: [UInt8]
  var types: [UInt16]

  init?(_ data: [UInt8]) {
    var input = FuzzInput(data)
    guard data.count >= 6, let name = input.exactly(Int(input.number(UInt32.self))) else {
      return nil
    }
    self.name = name
    guard input.count >= 2 else { return nil }
    let count = Int(input.number(UInt16.self))
    guard input.count == 2 * count else { return nil }
    types = (0..<count).map { _ in input.number(UInt16.self) }
  }
}

/// The data of `LIST_META_CONTEXT` and `SET_META_CONTEXT`; `nil` if its lengths do
/// not agree, or a query is longer than a string.
private struct ContextData {
  var name: [UInt8]
  var queries: [[UInt8]] = []

  init?(_ data: [UInt8]) {
    var input = FuzzInput(data)
    guard data.count >= 8, let name = input.exactly(Int(input.number(UInt32.self))) else {
      return nil
    }
    self.name = name
    guard input.count >= 4 else { return nil }
    for _ in 0..<input.number(UInt32.self) {
      guard input.count >= 4 else { return nil }
      guard let query = input.exactly(Int(input.number(UInt32.self))), query.count <= 4096 else {
        return nil
      }
      queries.append(query)
    }
    guard input.isAtEnd else { return nil }
  }
}
