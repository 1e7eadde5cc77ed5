import DiskModel
import Logging
import NBDProtocol
import NIOCore

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

  private var inbound = ByteBuffer()
  private var refusedWrite: (request: Request, payloadLeft: Int)?
  private var gate = ReadGate()
  private var isProcessing = false
  private var isDisconnecting = false
  private var isShuttingDown = false

  /// Whether the client sends nothing more; it may still read its replies.
  private var isInputClosed = false
  private var isClosing = false

  /// Whether there is more to do, but others have their turn.
  private var isGivingWay = false

  init(_ responder: Responder, _ services: ConnectionServices) {
    self.responder = responder
    self.services = services
  }

  func read(context: ChannelHandlerContext) {
    gate.read(context, isOpen: mayProceed(context))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What follows the end of the conversation is not looked at.
    guard !isDisconnecting else { return }
    var bytes = unwrapInboundIn(data)
    if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    process(context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    process(context)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    longRead = nil
    inbound.clear()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    services.logger.debug("closing a connection: \(error)")
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
    context.channel.isWritable && bytesInFlight < ConnectionLimits.inFlightSize
      && !isWaitingForPiece && !isGivingWay
  }

  /// Answers what has arrived, as far as there is room for replies.
  func process(_ context: ChannelHandlerContext) {
    guard !isProcessing else { return }
    isProcessing = true
    let endOfTurn = NIODeadline.now() + ConnectionLimits.turn
    var isTurnOver = false
    while mayProceed(context), takeStep(context) {
      if outbox.count >= ConnectionLimits.batchSize { outbox.flush(context) }
      isTurnOver = NIODeadline.now() >= endOfTurn
      isGivingWay = isTurnOver
    }
    outbox.flush(context)
    isProcessing = false
    // Not before: the pause would be over.
    if isTurnOver { giveWay(context) }
    if inbound.readerIndex > ConnectionLimits.batchSize { inbound.discardReadBytes() }
    let isIdle = longRead == nil && bytesInFlight == 0 && !isGivingWay
    if isIdle && (isDisconnecting || isShuttingDown) && !isClosing {
      isClosing = true
      context.closeAfterWriting()
    } else if mayProceed(context) {
      gate.open(context)
    }
  }

  /// Stops for so long that the event loop can turn to other connections.
  private func giveWay(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: ConnectionLimits.pause) {
      let (handler, context) = bound.value
      handler.isGivingWay = false
      if !handler.isClosed { handler.process(context) }
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
    if refusedWrite != nil { return discardPayload() }
    guard inbound.readableBytes >= Request.size else {
      isDisconnecting = isInputClosed
      return false
    }
    let request = Request(decoding: inbound.readableBytesSpan)
    inbound.moveReaderIndex(forwardBy: Request.size)
    guard let request else {
      services.logger.debug("closing a connection: what it sent is no request")
      isDisconnecting = true
      return false
    }
    if request.payloadSize > 0 {
      refusedWrite = (request, request.payloadSize)
      return true
    }
    answer(request, context)
    return true
  }

  /// Drops what follows a write that is refused; `false` if more of it has to
  /// arrive.
  private func discardPayload() -> Bool {
    guard var (request, left) = refusedWrite else { return true }
    let count = min(left, inbound.readableBytes)
    inbound.moveReaderIndex(forwardBy: count)
    left -= count
    guard left == 0 else {
      refusedWrite = (request, left)
      isDisconnecting = isInputClosed
      return false
    }
    refusedWrite = nil
    request.length = 0
    refuse(request.cookie, .notPermitted, "the export is read-only")
    return true
  }

  private func answer(_ request: Request, _ context: ChannelHandlerContext) {
    if isShuttingDown && request.command != .disconnect {
      refuse(request.cookie, .shuttingDown, "the server is shutting down")
      return
    }
    switch responder.check(request) {
    case .read(let range, let isSplittable):
      read(range, cookie: request.cookie, isSplittable: isSplittable, context)
    case .blockStatus(let range, let isOneEnough):
      append(limit: Responder.blockStatusLimit) {
        responder.appendBlockStatus(
          range,
          cookie: request.cookie,
          isOneEnough: isOneEnough,
          to: &$0
        )
      }
    case .nothing:
      append(limit: Responder.resultLimit) {
        responder.appendResult(nil, cookie: request.cookie, to: &$0)
      }
    case .disconnect:
      isDisconnecting = true
    case .refused(let error, let message):
      refuse(request.cookie, error, message)
    }
  }

  /// Appends a reply that says why there is nothing else.
  func refuse(_ cookie: UInt64, _ error: ErrorNumber, _ message: StaticString) {
    append(limit: Responder.resultLimit) {
      responder.appendResult((error, message), cookie: cookie, to: &$0)
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
