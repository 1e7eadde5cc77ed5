import DiskModel
import Logging
import NBDProtocol
import NIOCore
import NIOSSL

/// The second phase of a connection: takes requests apart and answers them,
/// from memory at once, from storage through the thread pool.
///
/// Replies to what one read of the socket delivered leave together. When the
/// client does not read its replies, or too much is on its way from storage,
/// no further requests are looked at, and none are read.
final class TransmissionHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let responder: Responder
  let services: ConnectionServices
  var outbox = Outbox(ByteBufferAllocator())

  /// The long read that is being answered.
  var longRead: LongRead?

  /// Bytes that are on their way from storage.
  var bytesInFlight = 0

  /// Replies that have to wait until a reply in one piece is complete.
  var deferredReplies: [ByteBuffer] = []

  /// Whether the connection is gone.
  private(set) var isClosed = false

  /// What is counted on the connection.
  let tally: LiveTally

  /// When the step began that is being taken, and whether it answers a request
  /// completely.
  private(set) var stepStart = NIODeadline.now()
  var isStepAnswer = false

  /// Who is told what the client reads; usually nobody.
  private let watch: ReadWatch?

  private var inbound = ByteBuffer()
  private var payload: Payload?
  private var gate = ReadGate()
  private var busyPoll: BusyPoll
  private var isProcessing = false

  /// Whether anything arrived that was not looked at.
  private var hasArrived = false

  /// What follows a request, and has not arrived completely.
  private struct Payload {
    var request: Request
    var left: Int
    /// What has arrived; `nil` if it is thrown away.
    var bytes: [UInt8]?
  }
  private var isDisconnecting = false
  private var isShuttingDown = false

  /// Whether the client sends nothing more; it may still read its replies.
  private var isInputClosed = false
  private var isClosing = false

  /// Whether there is more to do, but others have their turn.
  private var isGivingWay = false
  private var turnsInARow = 0

  init(
    _ responder: Responder,
    _ services: ConnectionServices,
    _ busyPoll: BusyPoll,
    _ watch: ReadWatch? = nil
  ) {
    self.responder = responder
    self.busyPoll = busyPoll
    self.watch = watch
    self.services = services
    tally = services.metrics.begin()
  }

  func read(context: ChannelHandlerContext) {
    gate.read(context, isOpen: mayProceed(context))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What follows the end of the conversation is not looked at.
    guard !isDisconnecting else { return }
    var bytes = unwrapInboundIn(data)
    if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    hasArrived = true
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Nothing arrives with the end of input, of which an event tells when SwiftNIO is
    // done with it. To write before that could close the connection under its hands.
    guard hasArrived else { return }
    hasArrived = false
    process(context)
    stayAwake(context)
  }

  /// Waits awake for the next request, or for the client to take replies.
  private func stayAwake(_ context: ChannelHandlerContext) {
    guard !isClosed, !isClosing, !isGivingWay, bytesInFlight == 0 else { return }
    busyPoll.wait(for: context.channel.isWritable ? .readable : .writable) {
      services.isAlmostIdle(context.eventLoop)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    services.noteWritability(of: context.channel)
    process(context)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    watch?.end()
    services.metrics.end(tally)
    longRead = nil
    inbound.clear()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An end without TLS's farewell is one all the same, and told by an event.
    if error as? NIOSSLError == .uncleanShutdown { return }
    services.logEnd(of: context.channel, after: error)
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ServerIsShuttingDown {
      isShuttingDown = true
    } else if event as? ChannelEvent == .inputClosed {
      isInputClosed = true
    } else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    process(context)
  }

  /// Whether there is room for more replies.
  private func mayProceed(_ context: ChannelHandlerContext) -> Bool {
    context.channel.isWritable && bytesInFlight < services.limits.inFlightSize
      && (bytesInFlight == 0 || services.buffers.hasRoom) && !isWaitingForPiece && !isGivingWay
  }

  /// Answers what has arrived, as far as there is room for replies.
  func process(_ context: ChannelHandlerContext) {
    guard !isProcessing else { return }
    isProcessing = true
    stepStart = .now()
    let endOfTurn = stepStart + ConnectionLimits.turn
    var isTurnOver = false
    while mayProceed(context), takeStep(context) {
      if outbox.count >= ConnectionLimits.batchSize { outbox.flush(context) }
      let now = NIODeadline.now()
      if isStepAnswer { tally.countTime(from: stepStart, to: now) }
      isStepAnswer = false
      stepStart = now
      isTurnOver = now >= endOfTurn
      isGivingWay = isTurnOver
    }
    outbox.flush(context)
    isProcessing = false
    // Not before: the pause would be over.
    if isTurnOver { giveWay(context) }
    if inbound.readableBytes == 0 {
      // Its memory is the next one's: there may be many clients that wait for replies.
      inbound = ByteBuffer()
    } else if inbound.readerIndex > ConnectionLimits.batchSize {
      inbound.discardReadBytes()
    }
    let isIdle = longRead == nil && bytesInFlight == 0 && !isGivingWay
    if isIdle && (isDisconnecting || isShuttingDown) && !isClosing {
      isClosing = true
      context.closeAfterWriting()
    } else if mayProceed(context) {
      gate.open(context)
    }
  }

  /// Stops for so long that the event loop can turn to other connections; if there are
  /// none, now and then, to those who want one.
  private func giveWay(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    let goOn = {
      @Sendable in
      let (handler, context) = bound.value
      handler.isGivingWay = false
      if !handler.isClosed { handler.process(context) }
    }
    turnsInARow += 1
    if turnsInARow < ConnectionLimits.turnsInARow, services.isAlmostIdle(context.eventLoop) {
      context.eventLoop.execute(goOn)
    } else {
      turnsInARow = 0
      context.eventLoop.scheduleTask(in: ConnectionLimits.pause, goOn)
    }
  }

  /// Goes on with a long reply, or takes the next request; `false` if there is
  /// nothing to do.
  private func takeStep(_ context: ChannelHandlerContext) -> Bool {
    if longRead != nil {
      continueLongRead(context)
      return true
    }
    guard !isDisconnecting && !isClosing else { return false }
    if payload != nil { return takePayload(context) }
    guard inbound.readableBytes >= Request.size(responder.form) else {
      isDisconnecting = isInputClosed
      return false
    }
    let request = Request(decoding: inbound.readableBytesSpan, form: responder.form)
    inbound.moveReaderIndex(forwardBy: Request.size(responder.form))
    guard let request else {
      services.logEnd(of: context.channel, .violation, "what it sent is no request")
      isDisconnecting = true
      return false
    }
    prefetchNext()
    return expectPayload(of: request, context) || answer(request, context)
  }

  /// Has the processor fetch what the next request wants, while this one is answered.
  private func prefetchNext() {
    guard inbound.readableBytes >= Request.size(responder.form) else { return }
    let next = Request(decoding: inbound.readableBytesSpan, form: responder.form)
    // What belongs to a write may look like anything; fetching is harmless.
    guard let next, next.command == .read, let offset = Int(exactly: next.offset) else { return }
    let count = min(next.length, UInt64(ConnectionLimits.prefetchSize))
    responder.disk.prefetch(at: offset, count: Int(count))
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
    let count = min(payload.left, inbound.readableBytes)
    let arrived = inbound.readSlice(length: count)
    payload.left -= count
    if let arrived { payload.bytes?.append(contentsOf: arrived.readableBytesView) }
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
    isStepAnswer = request.command != .disconnect
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
    _ = outbox.append(limit: limit) { output in
      body(&output)
      return true
    }
  }
}
