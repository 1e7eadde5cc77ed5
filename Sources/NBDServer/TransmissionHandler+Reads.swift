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
    do throws(ReadFailure) {
      let place = try outbox.place(limit: Responder.replyLimit(range.count)) {
        output throws(ReadFailure) in
        try responder.appendRead(
          range,
          address: address,
          isSplittable: isSplittable,
          to: &output,
          &manner
        )
      }
      if let place {
        guard !manner.checks.isEmpty else { return tally.countRead(range.count) }
        let reply = UncheckedReply(
          range: range,
          address: address,
          isSplittable: isSplittable,
          place: place
        )
        unchecked.append(reply)
        return
      }
    } catch {
      fail(address, error)
      return
    }
    answerCount -= 1
    readInPool(range, address: address, isSplittable: isSplittable, context)
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
    outbox.append(bytes)
    tally.countRead(range.count)
    return true
  }

  /// The array that has the bytes of a range, if there is one and it can be sent from.
  func memory(of range: Range<Int>) -> Disk.BytesInPlace? {
    guard outbox.isDirect, let segment = responder.disk.soleSegment(of: range) else { return nil }
    return responder.disk.memory(of: range, in: segment)
  }

  /// Answers a read for which storage has to be waited.
  ///
  /// Apart from ``read(_:address:isSplittable:_:)``, which most reads get by with: what a
  /// thread of the pool needs is made only for those that need one.
  func readInPool(
    _ range: Range<Int>,
    address: ReplyAddress,
    isSplittable: Bool,
    _ context: ChannelHandlerContext
  ) {
    let responder = responder
    let compose = {
      @Sendable (
        output: inout OutputRawSpan,
        manner: inout ReadManner
      ) throws(ReadFailure)
        -> Bool in
      try responder.appendRead(
        range,
        address: address,
        isSplittable: isSplittable,
        to: &output,
        &manner
      )
    }
    let start = batchStart
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
      outbox.append(&reply)
    }
  }
}
