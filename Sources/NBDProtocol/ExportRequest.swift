/// The data of `NBD_OPT_INFO` and `NBD_OPT_GO`.
struct ExportRequest: Sendable, Equatable {
  /// The export's name; empty for the default export.
  var name: [UInt8]

  /// What the client wants to know besides size and flags.
  var information: [InformationType]

  /// Decodes the data; `nil` if its lengths do not agree.
  init?(decoding data: [UInt8]) {
    var reader = ByteReader(data)
    guard let nameSize = reader.read(UInt32.self),
      let name = reader.read(Int(nameSize)),
      let count = reader.read(UInt16.self),
      reader.remaining == 2 * Int(count)
    else { return nil }
    self.name = name
    information = []
    while let type = reader.read(UInt16.self) {
      information.append(InformationType(rawValue: type))
    }
  }
}
