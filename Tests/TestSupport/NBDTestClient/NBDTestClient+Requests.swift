extension NBDTestClient {
  package struct ReadResult {
    package let bytes: [UInt8]
    /// In order of arrival; none in simple replies.
    package let chunks: [ContentChunk]
  }

  /// Returns a cookie not used before, with bits set in all its bytes.
  package func nextCookie() -> UInt64 {
    cookieCount += 1
    return cookieCount &* 0x9e37_79b9_7f4a_7c15
  }

  /// Sends a request and expects its answer; returns its cookie.
  ///
  /// A request with a cookie in use is refused: use `send` for it.
  @discardableResult
  package func sendRequest(
    type: UInt16,
    flags: UInt16 = 0,
    cookie: UInt64? = nil,
    offset: UInt64 = 0,
    length: UInt64 = 0,
    payload: [UInt8] = [],
    magic: UInt32 = NBD.Magic.request
  ) throws -> UInt64 {
    let request = Request(
      type: type,
      flags: flags,
      cookie: cookie ?? nextCookie(),
      offset: offset,
      length: length,
      payload: payload,
      magic: magic
    )
    try send([request])
    return request.cookie
  }

  /// Sends requests in one go and expects their answers.
  ///
  /// Replies that arrive meanwhile are taken in, so any number of requests can be sent.
  package func send(_ requests: [Request]) throws {
    try socket.send(expect(requests), isDraining: true)
  }

  /// Expects the answers to requests that the caller sends.
  ///
  /// - Returns: The requests as they go over the wire.
  @discardableResult
  package func expect(_ requests: [Request]) throws -> [UInt8] {
    var requests = requests
    for index in requests.indices {
      requests[index].isExtended = hasExtendedHeaders
      if !hasExtendedHeaders { requests[index].length &= UInt64(UInt32.max) }
    }
    for request in requests where request.type != NBD.Command.disconnect {
      guard pending[request.cookie] == nil, finished[request.cookie] == nil else {
        throw ConnectionFailure.misuse("cookie \(request.cookie) is in use")
      }
      pending[request.cookie] = ReplyAssembly(
        request: request,
        contexts: contexts,
        exportSize: export?.size ?? 0,
        maximumPayload: Int(export?.blockSizes?.maximum ?? .max)
      )
    }
    var bytes: [UInt8] = []
    for request in requests { bytes += request.bytes }
    return bytes
  }

  /// Reads replies until these requests are answered, in whatever order and however interleaved.
  ///
  /// Refused requests have an `error` in their result; this does not throw for them.
  package func collect(_ cookies: some Sequence<UInt64>) throws -> [UInt64: RequestResult] {
    var results: [UInt64: RequestResult] = [:]
    for cookie in cookies {
      while finished[cookie] == nil {
        guard pending[cookie] != nil else {
          throw ConnectionFailure.misuse("no request with cookie \(cookie)")
        }
        try readReply()
      }
      results[cookie] = finished.removeValue(forKey: cookie)
    }
    finishedOrder.removeAll { results[$0] != nil }
    return results
  }

  /// Reads replies until `count` requests are answered, and returns them in order of completion.
  package func collect(count: Int) throws -> [RequestResult] {
    guard (0...pending.count + finished.count).contains(count) else {
      throw ConnectionFailure.misuse("\(count) of \(pending.count + finished.count) requests")
    }
    while finished.count < count { try readReply() }
    let cookies = finishedOrder.prefix(count)
    finishedOrder.removeFirst(count)
    return cookies.compactMap { finished.removeValue(forKey: $0) }
  }

  /// Sends one request and returns its answer.
  ///
  /// - Throws: `RequestFailed` if the answer is an error.
  @discardableResult
  package func perform(
    _ type: UInt16,
    flags: UInt16 = 0,
    offset: UInt64 = 0,
    length: UInt64 = 0,
    payload: [UInt8] = []
  ) throws -> RequestResult {
    let cookie = try sendRequest(
      type: type,
      flags: flags,
      offset: offset,
      length: length,
      payload: payload
    )
    guard let result = try collect([cookie])[cookie] else {
      throw ConnectionFailure.misuse("no result for \(cookie)")
    }
    if let error = result.error { throw error }
    return result
  }

  package func read(offset: UInt64, length: UInt32, flags: UInt16 = 0) throws -> ReadResult {
    let result = try perform(NBD.Command.read, flags: flags, offset: offset, length: UInt64(length))
    return ReadResult(bytes: result.bytes, chunks: result.chunks)
  }

  /// Returns what each selected context says, by context ID.
  package func blockStatus(
    offset: UInt64,
    length: UInt64,
    flags: UInt16 = 0
  ) throws -> [UInt32: [Extent]] {
    try perform(NBD.Command.blockStatus, flags: flags, offset: offset, length: length).extents
  }

  /// Walks the whole export by block status and returns what `base:allocation` says of it.
  ///
  /// The ranges follow each other without gaps; neighbours with equal flags are merged.
  package func allocation(
    step: UInt32 = 1 << 30
  ) throws -> [(range: Range<UInt64>, flags: UInt32)] {
    guard let export, let id = contexts.first(where: { $0.value == "base:allocation" })?.key else {
      throw ConnectionFailure.misuse("base:allocation is not selected")
    }
    var runs: [(range: Range<UInt64>, flags: UInt32)] = []
    var offset: UInt64 = 0
    while offset < export.size {
      let length = min(UInt64(step), export.size - offset)
      for extent in try blockStatus(offset: offset, length: length)[id] ?? [] {
        let end = offset + extent.length
        if let last = runs.last, last.flags == extent.flags {
          runs[runs.count - 1].range = last.range.lowerBound..<end
        } else {
          runs.append((offset..<end, extent.flags))
        }
        offset = end
      }
    }
    return runs
  }

  /// Says goodbye; the server answers nothing and closes.
  package func disconnect() throws {
    try sendRequest(type: NBD.Command.disconnect)
  }
}
