extension NBDTestClient {
  package struct MetaContext: Equatable {
    package let id: UInt32
    package let name: String
  }

  /// Returns the data of `LIST_META_CONTEXT` and `SET_META_CONTEXT`; strings may be any bytes.
  package static func metaContextData(name: [UInt8], queries: [[UInt8]]) -> [UInt8] {
    var data: [UInt8] = []
    data.append(u32: UInt32(truncatingIfNeeded: name.count))
    data += name
    data.append(u32: UInt32(truncatingIfNeeded: queries.count))
    for query in queries {
      data.append(u32: UInt32(truncatingIfNeeded: query.count))
      data += query
    }
    return data
  }

  /// Has `READ` answered by structured replies from now on.
  ///
  /// - Throws: `OptionRefused`.
  package func negotiateStructuredReplies() throws {
    _ = try acceptedOption(NBD.Option.structuredReply)
    hasStructuredReplies = true
  }

  /// Has requests and replies headers of 32 bytes from now on.
  ///
  /// - Throws: `OptionRefused`.
  package func negotiateExtendedHeaders() throws {
    _ = try acceptedOption(NBD.Option.extendedHeaders)
    hasStructuredReplies = true
    hasExtendedHeaders = true
  }

  /// Selects meta contexts and returns those that the export has.
  ///
  /// - Throws: `OptionRefused`; then nothing is selected any more.
  @discardableResult
  package func setMetaContexts(
    name: String = "",
    _ queries: [String]
  ) throws -> [MetaContext] {
    contexts = [:]
    contextsExportName = name
    let selected = try metaContexts(NBD.Option.setMetaContext, name: name, queries)
    for context in selected {
      try require(
        !context.name.hasPrefix("base:") || queries.contains(context.name),
        "M2: \(context.name) selected by \(queries)"
      )
      try require(
        contexts.updateValue(context.name, forKey: context.id) == nil,
        "M11: context ID \(context.id) given twice"
      )
    }
    return selected
  }

  /// Returns the meta contexts that match any query, or all if there is none.
  package func listMetaContexts(
    name: String = "",
    _ queries: [String] = []
  ) throws -> [MetaContext] {
    try metaContexts(NBD.Option.listMetaContext, name: name, queries)
  }

  private func metaContexts(
    _ code: UInt32,
    name: String,
    _ queries: [String]
  ) throws -> [MetaContext] {
    let data = Self.metaContextData(
      name: Array(name.utf8),
      queries: queries.map { Array($0.utf8) }
    )
    return try acceptedOption(code, data).map(Self.metaContext)
  }

  /// Takes a `META_CONTEXT` reply apart.
  package static func metaContext(_ reply: OptionReply) throws -> MetaContext {
    try require(reply.data.count > 4, "M5: META_CONTEXT of \(reply.data.count) bytes")
    return MetaContext(
      id: try reply.data.u32(at: 0),
      name: try protocolString(reply.data[4...], "name of meta context")
    )
  }
}
