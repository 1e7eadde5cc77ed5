/// The data of `NBD_OPT_LIST_META_CONTEXT` and `NBD_OPT_SET_META_CONTEXT`.
struct MetaContextRequest: Sendable, Equatable {
  /// The export's name; empty for the default export.
  var name: [UInt8]

  /// What the client asks for, such as `base:allocation` or `base:`.
  var queries: [[UInt8]]

  /// Decodes the data; `nil` if its lengths do not agree, or a query is longer
  /// than a string may be.
  init?(decoding data: [UInt8]) {
    var reader = ByteReader(data)
    guard let nameSize = reader.read(UInt32.self),
      let name = reader.read(Int(nameSize)),
      let count = reader.read(UInt32.self)
    else { return nil }
    self.name = name
    queries = []
    for _ in 0..<count {
      guard let size = reader.read(UInt32.self), size <= stringLimit,
        let query = reader.read(Int(size))
      else { return nil }
      queries.append(query)
    }
    guard reader.remaining == 0 else { return nil }
  }
}
