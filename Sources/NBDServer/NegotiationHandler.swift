import DiskModel
import Logging
import NBDProtocol
import NIOCore
import NIOSSL

/// Carries a negotiation between the socket and the state machine, and then
/// makes way for transmission.
final class NegotiationHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let services: ConnectionServices
  let connectedAt = ContinuousClock.now
  var dialogue: Dialogue
  var state = State.talking

  /// What was done before the connection got its place in the event loop.
  private var beginning: Beginning
  private var outbox = Outbox(ByteBufferAllocator())
  var gate = ReadGate()
  private var busyPoll: BusyPoll?

  /// The connection's socket, if it is one and known.
  private(set) var socket: CInt?
  private var isProcessing = false

  /// Whether the client sends nothing more; it may still read its replies.
  var isInputClosed = false

  /// Whether there is more to do, but others have their turn.
  private var isGivingWay = false
  var timeout: Scheduled<Void>?
  var deadline = NIODeadline.distantFuture

  /// What the client waits for that somebody else may wait for, too.
  var wait: (content: DeferredContent, number: Int)?

  enum State {
    case talking
    /// An export is being made; what the client sends meanwhile has to wait.
    case finding
    case ended
  }

  /// How it begins.
  enum Beginning {
    /// With the greeting.
    case greeting
    /// In the middle of the dialogue over a socket: with what is left to be sent of a reply,
    /// and what is to be done next.
    case middle(CInt, unsent: ByteBuffer, Dialogue.Event)
  }

  /// Begins with a client that was told nothing.
  convenience init(_ services: ConnectionServices) {
    self.init(services, Dialogue(services), .greeting)
  }

  /// Begins where somebody else leaves off.
  init(_ services: ConnectionServices, _ dialogue: Dialogue, _ beginning: Beginning) {
    self.services = services
    self.dialogue = dialogue
    self.beginning = beginning
  }

  func channelActive(context: ChannelHandlerContext) {
    deadline = .now() + TimeAmount(services.limits.negotiationTime)
    dialogue.lastMessage = .now()
    watch(context)
    if case .middle(let socket, _, _) = beginning {
      self.socket = socket
    } else {
      socket = context.channel.socket
    }
    busyPoll = BusyPoll(socket, services.limits)
    context.fireChannelActive()
    switch beginning {
    case .greeting:
      send(Greeting.encode())
      flush(context)
    case .middle(_, let unsent, let event):
      beginning = .greeting
      // What the client said since has to wait for what it said before.
      isProcessing = true
      if unsent.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(unsent), promise: nil) }
      isProcessing = false
      // It may turn out to be gone.
      if case .ended = state { return }
      perform(event, context)
      process(context)
    }
    stayAwake(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    stayAwake(context)
    context.fireChannelReadComplete()
  }

  /// Waits awake for the next option.
  private func stayAwake(_ context: ChannelHandlerContext) {
    if case .ended = state { return }
    guard mayProceed(context) else { return }
    busyPoll?.wait(for: .readable) { services.isAlmostIdle(context.eventLoop) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timeout?.cancel()
  }

  func channelInactive(context: ChannelHandlerContext) {
    state = .ended
    timeout?.cancel()
    wait?.content.forget(wait?.number ?? 0)
    context.fireChannelInactive()
  }

  func read(context: ChannelHandlerContext) {
    gate.read(context, isOpen: mayProceed(context))
  }

  private func mayProceed(_ context: ChannelHandlerContext) -> Bool {
    if case .finding = state { return false }
    return context.channel.isWritable && !isGivingWay
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    dialogue.inbound.writeBuffer(&bytes)
    process(context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    services.noteWritability(of: context.channel)
    process(context)
    if mayProceed(context) { gate.open(context) }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ServerIsShuttingDown {
      shutDown(context)
    } else if event as? ChannelEvent == .inputClosed {
      isInputClosed = true
      process(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An end without TLS's farewell is one all the same, and told by an event.
    if error as? NIOSSLError == .uncleanShutdown { return }
    services.logEnd(of: context.channel, after: error)
    context.close(promise: nil)
  }

  /// Takes apart what has arrived, as long as the client reads the replies, and
  /// others need not wait.
  private func process(_ context: ChannelHandlerContext) {
    guard !isProcessing else { return }
    isProcessing = true
    let endOfTurn = NIODeadline.now() + ConnectionLimits.negotiationTurn
    var isTurnOver = false
    while mayProceed(context), takeMessage(context) {
      if outbox.count >= ConnectionLimits.batchSize { flush(context) }
      isTurnOver = NIODeadline.now() >= endOfTurn
      isGivingWay = isTurnOver
    }
    flush(context)
    isProcessing = false
    dialogue.inbound.discardReadBytes()
    if isTurnOver {
      giveWay(context)
    } else if isInputClosed, mayProceed(context) {
      // It has its replies, and sends nothing more.
      close([], context)
    }
  }

  /// Stops for so long that the event loop can turn to other connections.
  private func giveWay(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: ConnectionLimits.pause) {
      let (handler, context) = bound.value
      handler.isGivingWay = false
      handler.process(context)
      if case .ended = handler.state { return }
      if handler.mayProceed(context) { handler.gate.open(context) }
    }
  }

  /// Takes one message; `false` if it is not complete.
  private func takeMessage(_ context: ChannelHandlerContext) -> Bool {
    guard case .talking = state else { return false }
    let event = dialogue.next()
    perform(event, context)
    if case .incomplete = event { return false }
    return true
  }

  private func perform(_ event: Dialogue.Event, _ context: ChannelHandlerContext) {
    switch event {
    case .incomplete:
      break
    case .reply(let bytes):
      send(bytes)
    case .find(let search):
      find(search, context)
    case .transmit(let bytes, let export, let agreement):
      send(bytes)
      flush(context)
      transmit(export, agreement, context)
    case .startTLS(let bytes):
      startTLS(bytes, context)
    case .close(let bytes):
      close(bytes, context)
    case .end(let reason, let message):
      end(context, reason, message)
    }
  }

  /// Ends the connection once it was told this.
  private func close(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    if case .ended = state { return }
    state = .ended
    send(bytes)
    flush(context)
    context.closeAfterWriting()
  }

  /// Ends the connection for something that the client did.
  func end(_ context: ChannelHandlerContext, _ reason: EndReason, _ message: String) {
    services.logEnd(of: context.channel, reason, message)
    close([], context)
  }

  /// Refuses what still comes, and ends the connection soon.
  private func shutDown(_ context: ChannelHandlerContext) {
    dialogue.shutDown()
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.farewell) { bound.value.close(promise: nil) }
  }

  /// How long clients that negotiate get to learn that the server is shutting down.
  private static let farewell = TimeAmount.milliseconds(100)

  /// Answers the option that an export was found for.
  func finish(_ finding: Finding, _ context: ChannelHandlerContext) {
    perform(dialogue.finish(finding), context)
  }

  /// Goes on after an export was made, unless the connection is gone.
  func resume(_ finding: Finding, _ context: ChannelHandlerContext) {
    guard case .finding = state else { return }
    state = .talking
    dialogue.lastMessage = .now()
    finish(finding, context)
    if case .ended = state { return }
    process(context)
    if mayProceed(context) { gate.open(context) }
  }

  /// Has a reply wait for those to what else has arrived, to leave with them.
  private func send(_ bytes: [UInt8]) {
    var reply = ByteBuffer(bytes: bytes)
    outbox.append(&reply)
  }

  /// Hands the replies to the socket.
  private func flush(_ context: ChannelHandlerContext) {
    // What the socket has to say of that must not begin another turn.
    let wasProcessing = isProcessing
    isProcessing = true
    if case .notSent(let replies) = outbox.send() {
      outbox.noteSent()
      context.writeAndFlush(NIOAny(replies), promise: nil)
    }
    isProcessing = wasProcessing
  }

  /// Continues under TLS.
  ///
  /// Whatever the client, or somebody in between, sent behind `STARTTLS` came in
  /// the clear: it must not be taken for something that came under TLS.
  private func startTLS(_ acknowledgement: [UInt8], _ context: ChannelHandlerContext) {
    guard dialogue.inbound.readableBytes == 0, let handler = services.security?.makeHandler() else {
      dialogue.inbound.clear()
      return end(context, .violation, "something in the clear follows STARTTLS")
    }
    send(acknowledgement)
    flush(context)
    do {
      try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
    } catch {
      context.close(promise: nil)
    }
  }
}
