extension NBDTestClient {
  package struct Greeting: Equatable {
    package let magic: UInt64
    package let optionMagic: UInt64
    package let flags: UInt16
  }

  package struct OptionReply: Equatable {
    package let option: UInt32
    /// One of `NBD.OptionReplyType`.
    package let type: UInt32
    package let data: [UInt8]

    package var isError: Bool { type & NBD.OptionReplyType.errorBit != 0 }
    package var isLast: Bool { isError || type == NBD.OptionReplyType.ack }
  }

  /// Reads the 18 bytes with which the server speaks first, and checks rules G1 to G3.
  @discardableResult
  package func readGreeting() throws -> Greeting {
    let bytes = try receive(18)
    let greeting = Greeting(
      magic: try bytes.u64(at: 0),
      optionMagic: try bytes.u64(at: 8),
      flags: try bytes.u16(at: 16)
    )
    try require(
      greeting.magic == NBD.Magic.greeting && greeting.optionMagic == NBD.Magic.option,
      "G1: greeting starts with \(bytes)"
    )
    let flags = greeting.flags
    try require(
      flags & NBD.HandshakeFlag.fixedNewstyle != 0,
      "G2: handshake flags \(flags) without FIXED_NEWSTYLE"
    )
    try require(flags & ~3 == 0, "G3: unknown handshake flags \(flags)")
    self.greeting = greeting
    return greeting
  }

  package func sendClientFlags(_ flags: UInt32) throws {
    var bytes: [UInt8] = []
    bytes.append(u32: flags)
    try send(bytes)
    clientFlags = flags
  }

  /// Returns an option as it goes over the wire.
  package static func optionBytes(
    _ code: UInt32,
    data: [UInt8] = [],
    magic: UInt64 = NBD.Magic.option
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(u64: magic)
    bytes.append(u32: code)
    bytes.append(u32: UInt32(truncatingIfNeeded: data.count))
    return bytes + data
  }

  package func sendOption(
    _ code: UInt32,
    data: [UInt8] = [],
    magic: UInt64 = NBD.Magic.option
  ) throws {
    try send(Self.optionBytes(code, data: data, magic: magic))
  }

  /// Reads one option reply and checks what holds for each: magic, an empty ACK, error messages.
  package func readOptionReply() throws -> OptionReply {
    let header = try receive(20)
    let magic = try header.u64(at: 0)
    try require(
      magic == NBD.Magic.optionReply,
      "O1: option reply starts with \(header)"
    )
    let length = Int(try header.u32(at: 16))
    try require(length <= 1 << 20, "O1: option reply announces \(length) bytes")
    let reply = OptionReply(
      option: try header.u32(at: 8),
      type: try header.u32(at: 12),
      data: try receive(length)
    )
    if reply.isError {
      _ = try protocolString(reply.data, "message of error reply")
    } else if reply.type == NBD.OptionReplyType.ack {
      try require(reply.data.isEmpty, "O7: ACK carries \(length) bytes")
    }
    return reply
  }

  /// Sends an option and returns all its replies; the last one is an ACK or an error.
  ///
  /// Not for `EXPORT_NAME`, which has no such replies.
  package func option(_ code: UInt32, _ data: [UInt8] = []) throws -> [OptionReply] {
    try sendOption(code, data: data)
    return try readOptionReplies(to: code)
  }

  /// Reads the replies to an option already sent, up to and including its ACK or error.
  package func readOptionReplies(to code: UInt32) throws -> [OptionReply] {
    var replies: [OptionReply] = []
    while replies.last?.isLast != true {
      let reply = try readOptionReply()
      try require(reply.option == code, "O1: reply to option \(reply.option), not \(code)")
      try require(
        reply.isLast || reply.type == Self.partType(of: code),
        "O1: reply of type \(reply.type) to option \(code)"
      )
      replies.append(reply)
    }
    return replies
  }

  /// Sends an option and returns the replies before its ACK.
  ///
  /// - Throws: `OptionRefused` if it ends with an error.
  package func acceptedOption(_ code: UInt32, _ data: [UInt8] = []) throws -> [OptionReply] {
    let replies = try option(code, data)
    if let refusal = refusal(in: replies) { throw refusal }
    return replies.dropLast()
  }

  /// The error that ends these replies, if one does.
  func refusal(in replies: [OptionReply]) -> OptionRefused? {
    guard let last = replies.last, last.isError else { return nil }
    let message = String(decoding: last.data, as: UTF8.self)
    return OptionRefused(option: last.option, code: last.type, message: message)
  }

  /// The reply type of which an option gets any number before its ACK.
  private static func partType(of option: UInt32) -> UInt32? {
    switch option {
    case NBD.Option.list: NBD.OptionReplyType.server
    case NBD.Option.info, NBD.Option.go: NBD.OptionReplyType.info
    case NBD.Option.listMetaContext, NBD.Option.setMetaContext: NBD.OptionReplyType.metaContext
    default: nil
    }
  }
}
