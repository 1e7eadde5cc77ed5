/// Puts together the answer to one request and checks it.
struct ReplyAssembly {
  let request: NBDTestClient.Request
  /// The selected meta contexts that the request is about, by ID.
  let contexts: [UInt32: String]
  let exportSize: UInt64
  /// The largest variable part of a chunk, in bytes.
  let maximumPayload: Int
  private var error: RequestFailed?
  private var chunks: [NBDTestClient.ContentChunk] = []
  /// The bytes of each of `chunks`; empty for holes.
  private var contents: [[UInt8]] = []
  private var extents: [UInt32: [NBDTestClient.Extent]] = [:]

  init(
    request: NBDTestClient.Request,
    contexts: [UInt32: String],
    exportSize: UInt64,
    maximumPayload: Int
  ) {
    self.request = request
    let asked = request.askedContexts
    self.contexts = contexts.filter { asked?.contains($0.key) ?? true }
    self.exportSize = exportSize
    self.maximumPayload = maximumPayload
  }

  /// Checks what can be known before the payload is read, so that no lie about it costs memory.
  func checkHeader(type: UInt16, flags: UInt16, length: Int) throws {
    switch type {
    case NBD.ChunkType.none:
      try require(
        length == 0 && flags & NBD.ReplyFlag.done != 0,
        "K1: NONE of length \(length) with flags \(flags)"
      )
    case NBD.ChunkType.offsetData:
      try require(length >= 9, "K1: OFFSET_DATA of length \(length)")
      try require(
        length - 8 <= Int(clamping: request.length),
        "R4: OFFSET_DATA with \(length - 8) bytes, \(request.length) requested"
      )
      try require(
        length - 8 <= maximumPayload,
        "Z9: OFFSET_DATA with \(length - 8) bytes, maximum payload \(maximumPayload)"
      )
    case NBD.ChunkType.offsetHole:
      try require(length == 12, "K1: OFFSET_HOLE of length \(length)")
    case NBD.ChunkType.blockStatus:
      try require(
        !request.isExtended && length >= 12 && (length - 4) % 8 == 0,
        "A2: BLOCK_STATUS chunk of length \(length)"
      )
      try require((length - 4) / 8 <= 1 << 20, "A9: BLOCK_STATUS chunk of length \(length)")
      try require(
        length - 4 <= maximumPayload,
        "Z9: BLOCK_STATUS chunk of length \(length), maximum payload \(maximumPayload)"
      )
    case NBD.ChunkType.extendedBlockStatus:
      try require(
        request.isExtended && length >= 24 && (length - 8) % 16 == 0,
        "E8: BLOCK_STATUS_EXT chunk of length \(length)"
      )
    case NBD.ChunkType.error:
      try require((6...1 << 16).contains(length), "K3: ERROR of length \(length)")
    case NBD.ChunkType.errorOffset:
      try require((14...1 << 16).contains(length), "K3: ERROR_OFFSET of length \(length)")
    default:
      throw ProtocolViolation("K2: unknown chunk type \(type)")
    }
  }

  mutating func add(_ chunk: NBDTestClient.Chunk) throws {
    switch chunk.type {
    case NBD.ChunkType.offsetData, NBD.ChunkType.offsetHole:
      try addContent(chunk)
    case NBD.ChunkType.blockStatus, NBD.ChunkType.extendedBlockStatus:
      try addStatus(chunk.payload)
    case NBD.ChunkType.error, NBD.ChunkType.errorOffset:
      try addError(chunk)
    default:
      break
    }
  }

  private mutating func addContent(_ chunk: NBDTestClient.Chunk) throws {
    try require(
      request.type == NBD.Command.read,
      "K1: content chunk of type \(chunk.type) in the answer to command \(request.type)"
    )
    let isHole = chunk.type == NBD.ChunkType.offsetHole
    let offset = try chunk.payload.u64(at: 0)
    let length = isHole ? Int(try chunk.payload.u32(at: 8)) : chunk.payload.count - 8
    try require(length > 0, "K1: OFFSET_HOLE of size 0 at \(offset)")
    try require(
      offset >= request.offset && length <= Int(clamping: request.length)
        && offset - request.offset <= UInt64(Int(clamping: request.length) - length),
      "R4: chunk of \(length) bytes at \(offset), outside of \(range)"
    )
    try require(
      request.flags & NBD.CommandFlag.df == 0 || chunks.isEmpty,
      "C5: second content chunk, at \(offset), in spite of DF"
    )
    chunks.append(.init(type: chunk.type, offset: offset, length: length))
    contents.append(isHole ? [] : Array(chunk.payload[8...]))
  }

  private mutating func addError(_ chunk: NBDTestClient.Chunk) throws {
    let payload = chunk.payload
    let code = try payload.u32(at: 0)
    let messageLength = Int(try payload.u16(at: 4))
    let hasOffset = chunk.type == NBD.ChunkType.errorOffset
    try require(
      messageLength <= payload.count - (hasOffset ? 14 : 6),
      "K3: message of \(messageLength) bytes in an error chunk of \(payload.count)"
    )
    let message = try protocolString(payload[6..<6 + messageLength], "message of error chunk")
    try require(code != 0, "K3: error chunk with error 0: \(message)")
    try Self.checkError(code, message)
    var offset: UInt64?
    if hasOffset {
      let place = try payload.u64(at: 6 + messageLength)
      try require(
        place >= request.offset && place - request.offset < request.length,
        "K3: ERROR_OFFSET at \(place), outside of \(range)"
      )
      offset = place
    }
    try require(error == nil, "K3: second error chunk, with error \(code): \(message)")
    error = RequestFailed(code: code, message: message, offset: offset)
  }

  /// Ends an answer of chunks after the last one.
  func finish() throws -> NBDTestClient.RequestResult {
    var result = NBDTestClient.RequestResult(request: request)
    result.chunks = chunks
    result.extents = extents
    result.error = error
    let bytes = try assembledBytes()
    guard error == nil else { return result }
    result.bytes = bytes
    if request.type == NBD.Command.blockStatus { try checkAllContextsAnswered() }
    return result
  }

  /// Ends an answer that is one simple reply.
  func finish(simpleError code: UInt32, data: [UInt8]) throws -> NBDTestClient.RequestResult {
    var result = NBDTestClient.RequestResult(request: request)
    if code != 0 {
      try Self.checkError(code, "simple reply")
      result.error = RequestFailed(code: code, message: "", offset: nil)
    } else {
      result.bytes = data
      if request.type == NBD.Command.blockStatus { try checkAllContextsAnswered() }
    }
    return result
  }

  /// Joins the content chunks: they must not overlap and, on success, leave nothing out.
  private func assembledBytes() throws -> [UInt8] {
    guard request.type == NBD.Command.read else { return [] }
    var bytes: [UInt8] = []
    // Counted from the requested offset, because the range may reach beyond 2^64.
    var end: UInt64 = 0
    for index in chunks.indices.sorted(by: { chunks[$0].offset < chunks[$1].offset }) {
      let chunk = chunks[index]
      let start = chunk.offset - request.offset
      try require(start >= end, "R4: content chunks overlap at \(chunk.offset)")
      try require(
        start == end || error != nil,
        "R4: READ succeeded without content from \(end) to \(start) of \(range)"
      )
      bytes += chunk.isHole ? [UInt8](repeating: 0, count: chunk.length) : contents[index]
      end = start + UInt64(chunk.length)
    }
    try require(
      end == request.length || error != nil,
      "R4: READ succeeded with the first \(end) of \(range)"
    )
    return bytes
  }

  /// The requested range, for messages.
  private var range: String { "\(request.length) bytes from \(request.offset)" }

  private static func checkError(_ code: UInt32, _ message: String) throws {
    try require(NBD.ErrorNumber.all.contains(code), "V1: error number \(code): \(message)")
  }
}

extension ReplyAssembly {
  private mutating func addStatus(_ payload: [UInt8]) throws {
    try require(
      request.type == NBD.Command.blockStatus,
      "A2: status chunk in the answer to command \(request.type)"
    )
    let id = try payload.u32(at: 0)
    guard let name = contexts[id] else {
      throw ProtocolViolation("A2: status chunk for context ID \(id), which is not selected")
    }
    try require(extents[id] == nil, "A5: second status chunk for \(name)")
    let described = request.isExtended ? try longExtents(payload) : try shortExtents(payload)
    try checkExtents(described, name)
    extents[id] = described
  }

  private func shortExtents(_ payload: [UInt8]) throws -> [NBDTestClient.Extent] {
    try stride(from: 4, to: payload.count, by: 8).map { index in
      NBDTestClient.Extent(
        length: UInt64(try payload.u32(at: index)),
        flags: try payload.u32(at: index + 4)
      )
    }
  }

  private func longExtents(_ payload: [UInt8]) throws -> [NBDTestClient.Extent] {
    let count = try payload.u32(at: 4)
    try require(
      Int(count) == (payload.count - 8) / 16,
      "E8: \(count) extents announced in \(payload.count) bytes"
    )
    return try stride(from: 8, to: payload.count, by: 16).map { index in
      let flags = try payload.u64(at: index + 8)
      try require(flags <= UInt32.max, "E8: status \(flags)")
      return NBDTestClient.Extent(
        length: try payload.u64(at: index),
        flags: UInt32(truncatingIfNeeded: flags)
      )
    }
  }

  private func checkExtents(_ described: [NBDTestClient.Extent], _ name: String) throws {
    let shown = "\(name): \(described.map { "\($0.length):\($0.flags)" }) for \(range)"
    let total = described.reduce(UInt64(0)) { $0 + $1.length }
    let beforeLast = total - (described.last?.length ?? 0)
    try require(described.allSatisfy { $0.length > 0 }, "A2: extent of length 0 in \(shown)")
    try require(
      request.offset <= exportSize && total <= exportSize - request.offset,
      "A2: extents past the end of the export at \(exportSize) in \(shown)"
    )
    try require(
      beforeLast < request.effectLength || described.count == 1,
      "A3: all but the last extent cover the request in \(shown)"
    )
    if request.flags & NBD.CommandFlag.reqOne != 0 {
      try require(described.count == 1, "A4: \(described.count) extents with REQ_ONE in \(shown)")
      try require(total <= request.effectLength, "A4: longer than the request in \(shown)")
    }
    if name == "base:allocation" {
      try require(described.allSatisfy { $0.flags & ~3 == 0 }, "A6: unknown bits in \(shown)")
    }
  }

  private func checkAllContextsAnswered() throws {
    try require(!contexts.isEmpty, "A1: BLOCK_STATUS succeeded though no context is selected")
    for (id, name) in contexts {
      try require(extents[id] != nil, "A2: BLOCK_STATUS succeeded without \(name)")
    }
  }
}
