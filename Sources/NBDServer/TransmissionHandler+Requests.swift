import DiskModel
import NBDProtocol
import NIOCore

// What becomes of each request.
extension TransmissionHandler {
  /// Goes on with a long reply, or takes the next request; `false` if there is
  /// nothing to do.
  func takeStep(_ context: ChannelHandlerContext) -> Bool {
    if longRead != nil {
      continueLongRead(context)
      return true
    }
    guard !isDisconnecting && !isClosing else { return false }
    if payload != nil { return takePayload(context) }
    switch exchange.inbox.next() {
    case .incomplete:
      isDisconnecting = isInputClosed
      return false
    case .invalid:
      services.logEnd(of: context.channel, .violation, "what it sent is no request")
      isDisconnecting = true
      return false
    case .request(let request, let upcoming):
      if let upcoming { responder.prefetch(upcoming) }
      return expectPayload(of: request, context) || answer(request, context)
    }
  }

  /// Gets ready for what follows a request; `false` if nothing does.
  private func expectPayload(of request: Request, _ context: ChannelHandlerContext) -> Bool {
    let size = request.payloadSize(responder.form)
    guard size > 0 else { return false }
    let limit = ConnectionLimits.payloadSize(responder.form)
    guard let left = Int(exactly: size), left <= limit else {
      services.logEnd(of: context.channel, .violation, "too much data follows a request")
      isDisconnecting = true
      return true
    }
    let isKept = request.command == .blockStatus && left <= BlockStatusPayload.sizeLimit
    payload = Payload(request: request, left: left, bytes: isKept ? [] : nil)
    return true
  }

  /// Takes what has arrived of what follows a request, and answers the request when
  /// that is complete; `false` if more has to arrive.
  private func takePayload(_ context: ChannelHandlerContext) -> Bool {
    guard var payload else { return true }
    let arrived = exchange.inbox.take(atMost: payload.left)
    payload.left -= arrived.readableBytes
    payload.bytes?.append(contentsOf: arrived.readableBytesView)
    guard payload.left == 0 else {
      self.payload = payload
      isDisconnecting = isInputClosed
      return false
    }
    self.payload = nil
    return answer(payload.request, payload: payload.bytes, context)
  }

  /// Answers a request, or starts to; always `true`: a step was taken.
  private func answer(
    _ request: Request,
    payload: [UInt8]? = nil,
    _ context: ChannelHandlerContext
  ) -> Bool {
    let address = ReplyAddress(request, form: responder.form)
    tally.count(request.command)
    // Unless it takes longer, which the read then says.
    if request.command != .disconnect { answerCount += 1 }
    if isShuttingDown && request.command != .disconnect {
      refuse(address, .shuttingDown, "the server is shutting down")
      return true
    }
    switch responder.check(request, payload: payload) {
    case .read(let range, let isSplittable):
      watch?.note(range)
      read(range, address: address, isSplittable: isSplittable, context)
    case .blockStatus(let range, let isOneEnough, let contexts):
      let reply = responder.blockStatus(range, isOneEnough: isOneEnough, contexts: contexts)
      workCount += reply.pieceCount / ConnectionLimits.piecesPerRequest
      append(limit: reply.sizeLimit) { reply.encode(address, into: &$0) }
    case .nothing:
      append(limit: Responder.resultLimit) {
        responder.appendResult(nil, address: address, to: &$0)
      }
    case .disconnect:
      isDisconnecting = true
    case .refused(let error, let message):
      refuse(address, error, message)
    }
    return true
  }

  /// Appends a reply that says why there is nothing else.
  func refuse(_ address: ReplyAddress, _ error: ErrorNumber, _ message: StaticString) {
    tally.count(error)
    append(limit: Responder.resultLimit) {
      responder.appendResult((error, message), address: address, to: &$0)
    }
  }

  /// Appends to the outbox what cannot fail.
  func append(limit: Int, _ body: (inout OutputRawSpan) -> Void) {
    _ = exchange.outbox.append(limit: limit) { output in
      body(&output)
      return true
    }
  }
}
