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
      isStepAnswer = false
      startLongRead(range, address: address, isSplittable: isSplittable)
      return
    }
    do throws(ReadFailure) {
      let isAnswered = try outbox.append(limit: Responder.replyLimit(range.count)) {
        output throws(ReadFailure) in
        try responder.appendRead(
          range,
          address: address,
          isSplittable: isSplittable,
          mayWait: false,
          to: &output
        )
      }
      if isAnswered {
        tally.countRead(range.count)
        return
      }
    } catch {
      fail(address, error)
      return
    }
    readInPool(range, address: address, isSplittable: isSplittable, context)
  }

  /// Answers a read for which storage has to be waited.
  ///
  /// Apart from ``read(_:address:isSplittable:_:)``, which most reads get by with: what a
  /// thread of the pool needs is made only for those that need one.
  private func readInPool(
    _ range: Range<Int>,
    address: ReplyAddress,
    isSplittable: Bool,
    _ context: ChannelHandlerContext
  ) {
    let responder = responder
    let compose = {
      @Sendable (mayWait: Bool, output: inout OutputRawSpan) throws(ReadFailure) -> Bool in
      try responder.appendRead(
        range,
        address: address,
        isSplittable: isSplittable,
        mayWait: mayWait,
        to: &output
      )
    }
    isStepAnswer = false
    let start = stepStart
    submit(count: range.count, context, compose) { handler, _, result in
      switch result {
      case .success(let reply):
        handler.tally.countRead(range.count)
        handler.deliver(reply)
      case .failure(let failure):
        handler.fail(address, failure)
      }
      handler.tally.countTime(from: start, to: .now())
    }
  }

  /// Logs why bytes could not be read, and answers with an I/O error.
  func fail(_ address: ReplyAddress, _ failure: ReadFailure) {
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
    deliver(reply)
  }

  /// Sends a complete reply, unless another one must not be interrupted.
  func deliver(_ reply: ByteBuffer) {
    var reply = reply
    if case .contiguous? = longRead {
      deferredReplies.append(reply)
    } else {
      outbox.append(&reply)
    }
  }
}
