import DiskModel
import NBDProtocol
import NIOCore

/// A complete reply to a read of host files that have not been looked at since.
struct UncheckedReply {
  var read: Exchange.Read
  /// Where it is in the outbox.
  var place: Range<Int>
}

/// A piece of a long read that is sent from where it is in a file.
///
/// The file is looked at when all of it is sent. If it is not what it was, the chunk that
/// ends the reply says that the read failed.
struct PlacedPiece: ~Copyable {
  let read: ChunkedRead
  var checks: DeferredChecks
}

// How replies leave.
extension TransmissionHandler {
  /// Sends what was answered, once the files that it comes from were looked at.
  ///
  /// - Returns: `false` if the socket does not take it now.
  @discardableResult
  func send(_ context: ChannelHandlerContext) -> Bool {
    guard exchange.outbox.count > 0 || !exchange.unchecked.isEmpty else {
      // What has to be waited for need not stay open meanwhile.
      if !exchange.manner.checks.isEmpty { exchange.manner.checks = DeferredChecks() }
      return true
    }
    check(context)
    noteAnswers()
    guard socket == nil || context.channel.isActive else {
      // SwiftNIO has closed the socket; its descriptor may be somebody else's by now.
      leave(context)
      return true
    }
    guard !exchange.outbox.isWaiting else { return true }
    switch exchange.outbox.send() {
    case .stuck: return false
    case .sent: break
    case .notSent(let rest): leave(rest, context)
    }
    if exchange.outbox.count == 0 { finishPlaced() }
    return true
  }

  /// Leaves to SwiftNIO what the socket does not take now.
  func leave(_ context: ChannelHandlerContext) {
    leave(exchange.outbox.take(), context)
    if exchange.outbox.count == 0 { finishPlaced() }
  }

  /// Has SwiftNIO send replies; where they are sent directly otherwise, nothing else is
  /// sent meanwhile.
  private func leave(_ replies: ByteBuffer, _ context: ChannelHandlerContext) {
    guard socket != nil else {
      exchange.outbox.noteSent()
      return context.writeAndFlush(NIOAny(replies), promise: nil)
    }
    let promise = context.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    promise.futureResult.whenComplete { _ in
      let (handler, context) = bound.value
      handler.exchange.outbox.noteSent()
      if !handler.isClosed { handler.process(context) }
    }
    context.writeAndFlush(NIOAny(replies), promise: promise)
  }

  /// Ends a piece that was sent from where it was, or copied from there.
  private func finishPlaced() {
    guard var piece = placed.take() else { return }
    piece.read.outstandingCount -= 1
    var failure = piece.checks.pass()
    if exchange.outbox.takeLoss(), failure == nil {
      failure = ReadFailure(
        subject: "a file of the host",
        offset: 0,
        cause: "what was in memory could not be read once more"
      )
    }
    if let failure { piece.read.failure = piece.read.failure ?? failure }
    finishIfComplete(piece.read)
  }

  /// Looks at the files that replies come from, and answers anew if one is not what it
  /// was: each reply for itself.
  private func check(_ context: ChannelHandlerContext) {
    let failure = exchange.manner.checks.pass()
    guard !exchange.unchecked.isEmpty else { return }
    // Without it being there twice: it is needed again.
    var replies: [UncheckedReply] = []
    swap(&replies, &exchange.unchecked)
    defer {
      replies.removeAll(keepingCapacity: true)
      exchange.unchecked = replies
    }
    guard failure != nil else {
      for reply in replies { tally.countRead(reply.read.range.count) }
      return
    }
    var postponed: [Exchange.Read] = []
    exchange.outbox.replace(replies.map(\.place)) { index in
      let read = replies[index].read
      var bytes = ByteBuffer()
      do throws(ReadFailure) {
        var manner = ReadManner(mayWait: false)
        let isAnswered = try bytes.append(limit: Responder.replyLimit(read.range.count)) {
          output throws(ReadFailure) in
          let isAnswered = try responder.appendRead(
            read.range,
            address: read.address,
            isSplittable: read.isSplittable,
            to: &output,
            &manner
          )
          if let failure = manner.checks.pass() { throw failure }
          return isAnswered
        }
        guard isAnswered else {
          postponed.append(read)
          return nil
        }
        tally.countRead(read.range.count)
        return bytes
      } catch {
        return failed(read.address, error)
      }
    }
    for read in postponed { readInPool(read, hostWasAsked: true, context) }
  }

  /// Counts how long requests took whose replies are about to leave.
  private func noteAnswers() {
    let now = NIODeadline.now()
    tally.countTimes(answerCount, from: batchStart, to: now)
    answerCount = 0
    batchStart = now
  }
}
