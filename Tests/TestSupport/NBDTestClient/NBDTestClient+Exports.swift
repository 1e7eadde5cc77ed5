extension NBDTestClient {
  package struct ListedExport: Equatable {
    package let name: String
    package let description: String
  }

  /// Returns the data of `INFO` and `GO`; the name may be any bytes.
  package static func infoData(name: [UInt8], requests: [UInt16] = []) -> [UInt8] {
    var data: [UInt8] = []
    data.append(u32: UInt32(truncatingIfNeeded: name.count))
    data += name
    data.append(u16: UInt16(truncatingIfNeeded: requests.count))
    for request in requests { data.append(u16: request) }
    return data
  }

  package func listExports() throws -> [ListedExport] {
    try acceptedOption(NBD.Option.list).map(Self.listedExport)
  }

  /// Takes a `SERVER` reply apart.
  package static func listedExport(_ reply: OptionReply) throws -> ListedExport {
    let data = reply.data
    let length = Int(try data.u32(at: 0))
    try require(
      length <= data.count - 4,
      "L2: name of \(length) bytes in a SERVER reply of \(data.count)"
    )
    return ListedExport(
      name: try protocolString(data[4..<4 + length], "export name"),
      description: try protocolString(data[(4 + length)...], "export description")
    )
  }

  /// Asks about an export and stays in negotiation.
  ///
  /// - Throws: `OptionRefused` with the server's code and message.
  package func info(name: String = "", requests: [UInt16] = []) throws -> ExportInfo {
    try exportInfo(NBD.Option.info, name: name, requests: requests)
  }

  /// Enters transmission.
  ///
  /// - Throws: `OptionRefused` with the server's code and message; negotiation goes on.
  @discardableResult
  package func go(
    name: String = "",
    requests: [UInt16] = [NBD.Info.blockSize]
  ) throws -> ExportInfo {
    let info = try exportInfo(NBD.Option.go, name: name, requests: requests)
    enterTransmission(name: name, info)
    return info
  }

  /// Enters transmission in the old way, and checks the zeroes if there have to be any.
  ///
  /// A server refuses by closing: `ConnectionFailure.closed`.
  @discardableResult
  package func exportName(_ name: String) throws -> (size: UInt64, flags: UInt16) {
    try sendOption(NBD.Option.exportName, data: Array(name.utf8))
    let info = try readExportNameReply()
    enterTransmission(name: name, info)
    return (info.size, info.flags)
  }

  /// Reads what answers `EXPORT_NAME`, and checks the zeroes if there have to be any.
  package func readExportNameReply() throws -> ExportInfo {
    let bytes = try receive(10)
    let info = ExportInfo(size: try bytes.u64(at: 0), flags: try bytes.u16(at: 8))
    if clientFlags & NBD.ClientFlag.noZeroes == 0 {
      let zeroes = try receive(124)
      try require(zeroes.allSatisfy { $0 == 0 }, "X2: not 124 zeroes: \(zeroes)")
    }
    try info.validate(
      hasStructuredReplies: hasStructuredReplies,
      hasExtendedHeaders: hasExtendedHeaders
    )
    return info
  }

  private func exportInfo(
    _ code: UInt32,
    name: String,
    requests: [UInt16]
  ) throws -> ExportInfo {
    let data = Self.infoData(name: Array(name.utf8), requests: requests)
    return try exportInfo(in: try option(code, data), asked: requests)
  }

  /// What replies to `INFO` or `GO` tell.
  ///
  /// - Throws: `OptionRefused` if they end with an error.
  package func exportInfo(in replies: [OptionReply], asked requests: [UInt16]) throws -> ExportInfo
  {
    let infos = try replies.dropLast().map { try InfoReply($0.data) }
    guard let refusal = refusal(in: replies) else {
      return try ExportInfo(
        infos,
        hasStructuredReplies: hasStructuredReplies,
        hasExtendedHeaders: hasExtendedHeaders
      )
    }
    try require(
      refusal.code != NBD.OptionReplyType.unknown || infos.isEmpty,
      "I3: unknown export, but information \(infos)"
    )
    try require(
      refusal.code != NBD.OptionReplyType.blockSizeRequired
        || !requests.contains(NBD.Info.blockSize),
      "I7: BLOCK_SIZE_REQD, though block sizes were asked for"
    )
    throw refusal
  }

  private func enterTransmission(name: String, _ info: ExportInfo) {
    export = info
    // M8: a selection for another export does not count.
    if contextsExportName != name { contexts = [:] }
  }
}
