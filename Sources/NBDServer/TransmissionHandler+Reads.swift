import DiskModel
import NBDProtocol
import NIOCore

// Reads that are answered at once, or by the pool.
extension TransmissionHandler {
  /// Answers a read, or starts to.
  func read(
    _ range: Range<Int>,
    address: ReplyAddress,
    isSplittable: Bool,
    _ context: ChannelHandlerContext
  ) {
    guard range.count <= ConnectionLimits.pieceSize else {
      answerCount -= 1
      startLongRead(range, address: address, isSplittable: isSplittable)
      return
    }
    if readInPlace(range, address: address) { return }
    let read = Exchange.Read(range: range, address: address, isSplittable: isSplittable)
    goOn(with: read, after: exchange.answer(read, responder, tally), context)
  }

  /// Answers reads that come next, as long as nothing else is to be done.
  ///
  /// - Returns: How many requests were taken.
  func takeReads(_ context: ChannelHandlerContext) -> Int {
    guard longRead == nil, payload == nil, watch == nil, !isDisconnecting, !isClosing,
      !isShuttingDown
    else { return 0 }
    let limit = ConnectionLimits.workPerLook
    let (count, other) = exchange.answerReads(responder, tally, limit: limit)
    answerCount += count
    guard let (read, outcome) = other else { return count }
    answerCount += 1
    goOn(with: read, after: outcome, context)
    return count + 1
  }

  /// Does what is left to do for a read that was perhaps answered at once.
  private func goOn(
    with read: Exchange.Read,
    after outcome: Exchange.Outcome,
    _ context: ChannelHandlerContext
  ) {
    switch outcome {
    case .answered: break
    case .failed(let failure): fail(read.address, failure)
    case .takesWaiting(let hostWasAsked):
      answerCount -= 1
      readInPool(read, hostWasAsked: hostWasAsked, context)
    }
  }

  /// Answers a read with bytes that are sent from where they are in memory, if they can
  /// be and it pays.
  private func readInPlace(_ range: Range<Int>, address: ReplyAddress) -> Bool {
    guard range.count >= ConnectionLimits.leastInPlace, let bytes = memory(of: range) else {
      return false
    }
    append(limit: Reply.headLimit) {
      responder.appendHead(of: range, address: address, isLast: true, to: &$0)
    }
    exchange.outbox.append(bytes)
    tally.countRead(range.count)
    return true
  }

  /// The array that has the bytes of a range, if there is one and it can be sent from.
  func memory(of range: Range<Int>) -> Disk.BytesInPlace? {
    guard exchange.outbox.isDirect, let segment = responder.disk.soleSegment(of: range) else {
      return nil
    }
    return responder.disk.memory(of: range, in: segment)
  }

  /// Answers a read for which storage has to be waited.
  ///
  /// Apart from ``read(_:address:isSplittable:_:)``, which most reads get by with: what a
  /// thread of the pool needs is made only for those that need one.
  func readInPool(
    _ read: Exchange.Read,
    hostWasAsked: Bool,
    _ context: ChannelHandlerContext
  ) {
    let (responder, range) = (responder, read.range)
    let compose = {
      @Sendable (
        output: inout OutputRawSpan,
        manner: inout ReadManner
      ) throws(ReadFailure)
        -> Bool in
      try responder.appendRead(
        range,
        address: read.address,
        isSplittable: read.isSplittable,
        to: &output,
        &manner
      )
    }
    let start = batchStart
    submit(count: range.count, hostWasAsked: hostWasAsked, context, compose) { handler, _, result in
      switch result {
      case .success(let reply):
        handler.tally.countRead(range.count)
        handler.deliver(reply)
      case .failure(let failure):
        handler.fail(read.address, failure)
      }
      handler.tally.countTime(from: start, to: .now())
    }
  }

  /// Logs why bytes could not be read, and answers with an I/O error.
  func fail(_ address: ReplyAddress, _ failure: ReadFailure) {
    deliver(failed(address, failure))
  }

  /// Logs why bytes could not be read; the reply that says that they could not.
  func failed(_ address: ReplyAddress, _ failure: ReadFailure) -> ByteBuffer {
    services.log(failure)
    tally.count(.inputOutput)
    var reply = ByteBuffer()
    _ = reply.append(limit: Responder.resultLimit) { output in
      responder.appendResult(
        (.inputOutput, "the server could not read the data"),
        address: address,
        to: &output
      )
      return true
    }
    return reply
  }

  /// Sends a complete reply, unless another one must not be interrupted.
  func deliver(_ reply: ByteBuffer) {
    var reply = reply
    if case .contiguous? = longRead {
      deferredReplies.append(reply)
    } else {
      exchange.outbox.append(&reply)
    }
  }
}
