import DiskModel
import NBDProtocol
import NIOCore

// Reads that are answered at once, or by the pool.
extension TransmissionHandler {
  /// Answers a read, or starts to.
  func read(
    _ range: Range<Int>,
    cookie: UInt64,
    isSplittable: Bool,
    _ context: ChannelHandlerContext
  ) {
    guard range.count <= ConnectionLimits.pieceSize else {
      startLongRead(range, cookie: cookie, isSplittable: isSplittable)
      return
    }
    let responder = responder
    let compose = {
      @Sendable (mayWait: Bool, output: inout OutputRawSpan) throws(ReadFailure) -> Bool in
      try responder.appendRead(
        range,
        cookie: cookie,
        isSplittable: isSplittable,
        mayWait: mayWait,
        to: &output
      )
    }
    do throws(ReadFailure) {
      let isAnswered = try outbox.append(limit: Responder.replyLimit(range.count)) {
        output throws(ReadFailure) in try compose(false, &output)
      }
      if isAnswered { return }
    } catch {
      fail(cookie, error)
      return
    }
    submit(count: range.count, context, compose) { handler, _, result in
      switch result {
      case .success(let reply): handler.deliver(reply)
      case .failure(let failure): handler.fail(cookie, failure)
      }
    }
  }

  /// Logs why bytes could not be read, and answers with an I/O error.
  func fail(_ cookie: UInt64, _ failure: ReadFailure) {
    services.log(failure)
    var reply = ByteBuffer()
    _ = reply.append(limit: Responder.resultLimit) { output in
      responder.appendResult(
        (.inputOutput, "the server could not read the data"),
        cookie: cookie,
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
