extension NBDTestClient {
  package struct BlockSizes: Equatable {
    package let minimum: UInt32
    package let preferred: UInt32
    package let maximum: UInt32
  }

  /// What the server told about an export.
  ///
  /// Two values are equal if they say the same, in whatever order it came.
  package struct ExportInfo: Equatable {
    package internal(set) var size: UInt64
    /// `NBD.TransmissionFlag` bits.
    package internal(set) var flags: UInt16
    package internal(set) var blockSizes: BlockSizes?
    package internal(set) var name: String?
    package internal(set) var description: String?
    /// Payloads of information types that this client does not know.
    package internal(set) var unknown: [UInt16: [UInt8]] = [:]

    package func has(_ flag: UInt16) -> Bool { flags & flag == flag }
  }

  /// One `INFO` reply.
  package enum InfoReply: Equatable {
    case export(size: UInt64, flags: UInt16)
    case name(String)
    case description(String)
    case blockSize(BlockSizes)
    case unknown(type: UInt16, payload: [UInt8])
  }
}

extension NBDTestClient.InfoReply {
  /// Parses the data of an `INFO` reply and checks the rules for its kind.
  package init(_ data: [UInt8]) throws {
    let type = try data.u16(at: 0)
    let payload = Array(data.dropFirst(2))
    switch type {
    case NBD.Info.export:
      try require(data.count == 12, "I1: INFO_EXPORT of \(data.count) bytes, not 12")
      self = .export(size: try data.u64(at: 2), flags: try data.u16(at: 10))
    case NBD.Info.name:
      self = .name(try protocolString(payload, "INFO_NAME"))
    case NBD.Info.description:
      self = .description(try protocolString(payload, "INFO_DESCRIPTION"))
    case NBD.Info.blockSize:
      try require(data.count == 14, "I6: INFO_BLOCK_SIZE of \(data.count) bytes, not 14")
      self = .blockSize(
        .init(
          minimum: try data.u32(at: 2),
          preferred: try data.u32(at: 6),
          maximum: try data.u32(at: 10)
        )
      )
    default:
      self = .unknown(type: type, payload: payload)
    }
  }

  var type: UInt16 {
    switch self {
    case .export: NBD.Info.export
    case .name: NBD.Info.name
    case .description: NBD.Info.description
    case .blockSize: NBD.Info.blockSize
    case .unknown(let type, _): type
    }
  }
}

extension NBDTestClient.ExportInfo {
  /// Gathers the replies to one successful `INFO` or `GO`.
  init(
    _ replies: [NBDTestClient.InfoReply],
    hasStructuredReplies: Bool,
    hasExtendedHeaders: Bool
  ) throws {
    self.init(size: 0, flags: 0)
    var seen: Set<UInt16> = []
    for reply in replies {
      try require(
        seen.insert(reply.type).inserted,
        "I5: information of type \(reply.type) came twice"
      )
      switch reply {
      case .export(let size, let flags): (self.size, self.flags) = (size, flags)
      case .name(let name): self.name = name
      case .description(let description): self.description = description
      case .blockSize(let sizes): blockSizes = sizes
      case .unknown(let type, let payload): unknown[type] = payload
      }
    }
    try require(seen.contains(NBD.Info.export), "I1: success without INFO_EXPORT")
    try validate(
      hasStructuredReplies: hasStructuredReplies,
      hasExtendedHeaders: hasExtendedHeaders
    )
  }

  /// Checks the transmission flags and block sizes.
  func validate(hasStructuredReplies: Bool, hasExtendedHeaders: Bool) throws {
    let shown = "transmission flags 0x\(String(flags, radix: 16))"
    try require(has(NBD.TransmissionFlag.hasFlags), "F1: \(shown) without HAS_FLAGS")
    try require(
      hasStructuredReplies || !has(NBD.TransmissionFlag.sendDF),
      "F2: \(shown) with SEND_DF before STRUCTURED_REPLY"
    )
    try require(
      has(NBD.TransmissionFlag.sendWriteZeroes) || !has(NBD.TransmissionFlag.sendFastZero),
      "F3: \(shown) with FAST_ZERO but no WRITE_ZEROES"
    )
    try require(
      hasExtendedHeaders || !has(NBD.TransmissionFlag.blockStatusPayload),
      "F4: \(shown) with BLOCK_STATUS_PAYLOAD before EXTENDED_HEADERS"
    )
    guard let sizes = blockSizes else { return }
    let minimum = sizes.minimum
    let preferred = sizes.preferred
    try require(
      minimum.nonzeroBitCount == 1 && minimum <= 65536,
      "Z5: minimum block size \(minimum)"
    )
    try require(
      preferred.nonzeroBitCount == 1 && preferred >= max(minimum, 512),
      "Z5: preferred block size \(preferred), minimum \(minimum)"
    )
    try require(
      sizes.maximum >= preferred,
      "Z5: maximum payload \(sizes.maximum), preferred block size \(preferred)"
    )
  }
}
