extension NBDTestClient {
  package enum Reply: Equatable {
    /// `data` is that of a successful `READ`.
    case simple(error: UInt32, cookie: UInt64, data: [UInt8])
    case chunk(Chunk)
  }

  package struct Chunk: Equatable {
    package let flags: UInt16
    /// One of `NBD.ChunkType`.
    package let type: UInt16
    package let cookie: UInt64
    package let payload: [UInt8]

    package var isLast: Bool { flags & NBD.ReplyFlag.done != 0 }
  }

  /// Reads one simple reply or chunk, and checks it against the request it belongs to.
  ///
  /// When it completes the answer to a request, the whole answer is checked as well and kept for
  /// `collect`.
  @discardableResult
  package func readReply() throws -> Reply {
    let start = try receive(4)
    switch try start.u32(at: 0) {
    case NBD.Magic.simpleReply where !hasExtendedHeaders: return try readSimpleReply()
    case NBD.Magic.structuredReply where !hasExtendedHeaders: return .chunk(try readChunk())
    case NBD.Magic.extendedReply where hasExtendedHeaders: return .chunk(try readChunk())
    case let magic: throw ProtocolViolation("R1: reply magic 0x\(String(magic, radix: 16))")
    }
  }

  private func readSimpleReply() throws -> Reply {
    let header = try receive(12)
    let error = try header.u32(at: 0)
    let cookie = try header.u64(at: 4)
    let assembly = try outstanding(cookie)
    let request = assembly.request
    let isRead = request.type == NBD.Command.read
    try require(
      !(isRead && hasStructuredReplies),
      "R4: simple reply (error \(error)) to READ after structured replies"
    )
    let data = isRead && error == 0 ? try receive(Int(clamping: request.length)) : []
    finish(try assembly.finish(simpleError: error, data: data))
    return .simple(error: error, cookie: cookie, data: data)
  }

  private func readChunk() throws -> Chunk {
    let header = try receive(hasExtendedHeaders ? 28 : 16)
    let flags = try header.u16(at: 0)
    let type = try header.u16(at: 2)
    let cookie = try header.u64(at: 4)
    let size = hasExtendedHeaders ? try header.u64(at: 20) : UInt64(try header.u32(at: 12))
    guard let length = Int(exactly: size), length <= 1 << 33 else {
      throw ProtocolViolation("E6: chunk of type \(type) with \(size) bytes")
    }
    try require(
      hasStructuredReplies,
      "R7: chunk of type \(type), but structured replies are not negotiated"
    )
    try require(flags & ~NBD.ReplyFlag.done == 0, "K2: reply flags \(flags)")
    var assembly = try outstanding(cookie)
    if hasExtendedHeaders {
      let offset = try header.u64(at: 12)
      try require(
        offset == assembly.request.offset,
        "E6: chunk with offset \(offset) for a request at \(assembly.request.offset)"
      )
    }
    try assembly.checkHeader(type: type, flags: flags, length: length)
    let chunk = Chunk(flags: flags, type: type, cookie: cookie, payload: try receive(length))
    // Taken out meanwhile, so that its arrays are not copied for every chunk.
    pending[cookie] = nil
    try assembly.add(chunk)
    if chunk.isLast {
      finish(try assembly.finish())
    } else {
      pending[cookie] = assembly
    }
    return chunk
  }

  private func outstanding(_ cookie: UInt64) throws -> ReplyAssembly {
    guard let assembly = pending[cookie] else {
      let hex = String(cookie, radix: 16)
      throw ProtocolViolation("R2: reply with cookie 0x\(hex), for which no request is outstanding")
    }
    return assembly
  }

  private func finish(_ result: RequestResult) {
    let cookie = result.request.cookie
    pending[cookie] = nil
    finished[cookie] = result
    finishedOrder.append(cookie)
  }
}
