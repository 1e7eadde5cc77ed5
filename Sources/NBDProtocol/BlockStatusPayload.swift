/// What may follow a request for block status with extended headers: which of the
/// selected contexts it is about.
public struct BlockStatusPayload: Sendable, Equatable {
  /// Number of bytes that the request is about.
  public var length: UInt64
  /// The contexts, each once.
  public var contexts: [MetaContext]

  /// Most bytes of a payload that makes sense.
  public static let sizeLimit = 8 + 4 * MetaContext.allCases.count

  /// Decodes a payload; `nil` if its size is not one of a payload, or if it names
  /// a context twice or one that was not selected.
  public init?(decoding bytes: [UInt8], selected: [MetaContext]) {
    var reader = ByteReader(bytes)
    guard bytes.count % 4 == 0, let length = reader.read(UInt64.self) else { return nil }
    self.length = length
    contexts = []
    while let identifier = reader.read(UInt32.self) {
      guard let context = selected.first(where: { $0.identifier == identifier }),
        !contexts.contains(context)
      else { return nil }
      contexts.append(context)
    }
  }
}
