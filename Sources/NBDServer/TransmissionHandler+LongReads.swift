import DiskModel
import NBDProtocol
import NIOCore

extension TransmissionHandler {
  /// Whether the next piece of a contiguous reply is on its way.
  var isWaitingForPiece: Bool {
    if case .contiguous(let read)? = longRead { return read.isWaiting }
    return false
  }

  /// Starts to answer a read in pieces.
  func startLongRead(_ range: Range<Int>, address: ReplyAddress, isSplittable: Bool) {
    guard !isSplittable else {
      longRead = .chunked(ChunkedRead(range, address: address, start: batchStart))
      return
    }
    let isStructured = responder.form != .simple
    append(limit: Responder.resultLimit) { output in
      if isStructured {
        // Not the last chunk: an error may have to follow.
        Reply.appendData(
          address,
          isLast: false,
          offset: range.lowerBound,
          count: range.count,
          to: &output
        )
      } else {
        Reply.appendSimple(address, error: nil, to: &output)
      }
    }
    let read = ContiguousRead(
      range,
      address: address,
      isStructured: isStructured,
      start: batchStart
    )
    longRead = .contiguous(read)
  }

  /// Goes on with the long reply.
  func continueLongRead(_ context: ChannelHandlerContext) {
    switch longRead {
    case .chunked(let read): goOn(with: read, context)
    case .contiguous(let read): goOn(with: read, context)
    case nil: break
    }
  }

  private func goOn(with read: ChunkedRead, _ context: ChannelHandlerContext) {
    guard !read.isIssued else {
      longRead = nil
      finishIfComplete(read)
      return
    }
    if sendInPlace(read) { return }
    let piece = read.rest.firstPiece(ConnectionLimits.pieceSize)
    read.rest.removeFirst(piece)
    let (responder, address) = (responder, read.address)
    let isLast = read.isAtLastPiece
    let hostWasAsked: Bool
    do throws(ReadFailure) {
      let limit = Responder.replyLimit(piece.count)
      let outcome = try exchange.appendAtOnce(limit: limit) {
        output,
        manner throws(ReadFailure) in
        try responder.appendChunks(piece, address: address, isLast: isLast, to: &output, &manner)
      }
      guard case .takesWaiting(let wasAsked) = outcome else {
        if isLast {
          longRead = nil
          noteEnd(of: read)
        }
        return
      }
      hostWasAsked = wasAsked
    } catch {
      read.failure = error
      return
    }
    let compose: Composition = { output, manner throws(ReadFailure) in
      try responder.appendChunks(piece, address: address, isLast: false, to: &output, &manner)
    }
    read.outstandingCount += 1
    submit(count: piece.count, hostWasAsked: hostWasAsked, context, compose) {
      handler,
      _,
      result in
      read.outstandingCount -= 1
      switch result {
      case .success(let chunks): handler.deliver(chunks)
      case .failure(let failure): read.failure = read.failure ?? failure
      }
      handler.finishIfComplete(read)
    }
  }

  /// Sends the next piece from where it is in memory, if it is there: as long a one as
  /// possible.
  ///
  /// - Parameters:
  ///   - take: Tells the next piece of a size.
  ///   - send: Sends a piece, if it is there.
  /// - Returns: Whether a piece was sent.
  private func sendInPlace(
    _ take: (_ size: Int) -> Range<Int>,
    _ send: (_ piece: Range<Int>) -> Bool
  ) -> Bool {
    for size in [ConnectionLimits.pieceInPlaceSize, ConnectionLimits.pieceSize] {
      let piece = take(size)
      guard piece.count >= ConnectionLimits.leastInPlace else { return false }
      if send(piece) { return true }
      // A smaller one would be the same.
      guard piece.count > ConnectionLimits.pieceSize else { return false }
    }
    return false
  }

  private func sendInPlace(_ read: ChunkedRead) -> Bool {
    guard exchange.outbox.isDirect, placed == nil else { return false }
    return sendInPlace({ read.rest.firstPiece($0) }) { sendInPlace($0, of: read) }
  }

  private func sendInPlace(_ piece: Range<Int>, of read: ChunkedRead) -> Bool {
    let disk = responder.disk
    guard let segment = disk.soleSegment(of: piece) else { return false }
    var checks = DeferredChecks()
    if let bytes = disk.memory(of: piece, in: segment) {
      read.rest.removeFirst(piece)
      let isLast = read.isAtLastPiece
      append(piece, bytes, address: read.address, isLast: isLast)
      if isLast {
        longRead = nil
        noteEnd(of: read)
      }
      return true
    }
    guard let bytes = disk.mapping(of: piece, in: segment, deferring: &checks) else { return false }
    read.rest.removeFirst(piece)
    // Not the last chunk: an error may have to follow.
    append(piece, bytes, address: read.address, isLast: false)
    read.outstandingCount += 1
    placed = PlacedPiece(read: read, checks: checks)
    return true
  }

  /// Appends a chunk of data that is sent from where it is.
  private func append(
    _ piece: Range<Int>,
    _ bytes: Disk.BytesInPlace,
    address: ReplyAddress,
    isLast: Bool
  ) {
    append(limit: Reply.headLimit) {
      let (offset, count) = (piece.lowerBound, piece.count)
      Reply.appendData(address, isLast: isLast, offset: offset, count: count, to: &$0)
    }
    exchange.outbox.append(bytes)
  }

  /// Ends the reply when its last piece is there.
  func finishIfComplete(_ read: ChunkedRead) {
    guard read.isIssued, read.outstandingCount == 0 else { return }
    if case .chunked(let current)? = longRead, current === read { return }
    if let failure = read.failure {
      tally.countTime(from: read.start, to: .now())
      fail(read.address, failure)
      return
    }
    noteEnd(of: read)
    var reply = ByteBuffer()
    _ = reply.append(limit: Reply.headLimit) { output in
      Reply.appendNone(read.address, to: &output)
      return true
    }
    deliver(reply)
  }

  private func noteEnd(of read: ChunkedRead) {
    tally.countTime(from: read.start, to: .now())
    tally.countRead(read.size)
  }

  private func goOn(with read: ContiguousRead, _ context: ChannelHandlerContext) {
    guard !read.rest.isEmpty else {
      finish(read)
      return
    }
    if !read.hasFailed, sendInPlace(read) { return }
    let piece = read.rest.first(ConnectionLimits.pieceSize)
    read.rest.removeFirst(piece)
    guard !read.hasFailed else {
      append(limit: piece.count) { $0.append(zeros: piece.count) }
      return
    }
    let responder = responder
    let compose: Composition = { output, manner throws(ReadFailure) in
      try responder.appendBytes(piece, to: &output, &manner)
    }
    let hostWasAsked: Bool
    do throws(ReadFailure) {
      let outcome = try exchange.appendAtOnce(limit: piece.count, compose)
      guard case .takesWaiting(let wasAsked) = outcome else { return }
      hostWasAsked = wasAsked
    } catch {
      fail(read, piece, error, context)
      return
    }
    read.isWaiting = true
    submit(count: piece.count, hostWasAsked: hostWasAsked, context, compose) {
      handler,
      context,
      result in
      read.isWaiting = false
      switch result {
      case .success(var bytes): handler.exchange.outbox.append(&bytes)
      case .failure(let failure): handler.fail(read, piece, failure, context)
      }
    }
  }

  private func sendInPlace(_ read: ContiguousRead) -> Bool {
    sendInPlace({ read.rest.first($0) }) { piece in
      guard let bytes = memory(of: piece) else { return false }
      read.rest.removeFirst(piece)
      exchange.outbox.append(bytes)
      return true
    }
  }

  /// Fills up a reply whose piece could not be read; an error chunk will say so.
  ///
  /// Where none can follow, the connection ends.
  private func fail(
    _ read: ContiguousRead,
    _ piece: Range<Int>,
    _ failure: ReadFailure,
    _ context: ChannelHandlerContext
  ) {
    services.log(failure)
    guard read.isStructured else {
      longRead = nil
      services.logEnd(of: context.channel, .disk, "a reply cannot be completed: \(failure)")
      context.close(promise: nil)
      return
    }
    read.hasFailed = true
    append(limit: piece.count) { $0.append(zeros: piece.count) }
  }

  private func finish(_ read: ContiguousRead) {
    tally.countTime(from: read.start, to: .now())
    if !read.hasFailed { tally.countRead(read.size) }
    if read.hasFailed {
      refuse(read.address, .inputOutput, "the server could not read the data")
    } else if read.isStructured {
      append(limit: Reply.headLimit) { Reply.appendNone(read.address, to: &$0) }
    }
    longRead = nil
    for var reply in deferredReplies { exchange.outbox.append(&reply) }
    deferredReplies = []
  }
}
