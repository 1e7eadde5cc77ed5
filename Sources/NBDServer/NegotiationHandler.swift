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

  /// The exports as they were when the client connected.
  let catalog: ExportCatalog
  let connectedAt = ContinuousClock.now
  private(set) var negotiation: Negotiation

  /// What the last lookup found; anything but one more lookup makes it stale.
  private(set) var lastFinding: Finding?

  var state = State.flags
  var inbound = ByteBuffer()
  private var outbox = Outbox(ByteBufferAllocator())
  var gate = ReadGate()
  private var busyPoll: BusyPoll?

  /// The connection's socket, if it is one.
  private(set) var socket: CInt?
  private var isProcessing = false

  /// Whether the client sends nothing more; it may still read its replies.
  var isInputClosed = false

  /// Whether there is more to do, but others have their turn.
  private var isGivingWay = false
  var timeout: Scheduled<Void>?
  var deadline = NIODeadline.distantFuture
  var lastMessage = NIODeadline.now()

  /// What the client waits for that somebody else may wait for, too.
  var wait: (content: DeferredContent, number: Int)?

  enum State {
    case flags
    case header
    case data(OptionHeader)
    /// An export is being made; what the client sends meanwhile has to wait.
    case finding
    case ended
  }

  init(_ services: ConnectionServices) {
    self.services = services
    catalog = services.catalog
    let (limit, count) = (services.limits.options, catalog.exports.count)
    negotiation = Negotiation(tls: services.tlsMode, optionLimit: limit, exportCount: count)
  }

  func channelActive(context: ChannelHandlerContext) {
    send(Greeting.encode())
    flush(context)
    deadline = .now() + TimeAmount(services.limits.negotiationTime)
    lastMessage = .now()
    watch(context)
    socket = context.channel.socket
    busyPoll = BusyPoll(socket, services.limits)
    context.fireChannelActive()
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
    inbound.writeBuffer(&bytes)
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
    inbound.discardReadBytes()
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
    switch state {
    case .flags:
      guard let flags = inbound.readInteger(as: UInt32.self) else { return false }
      state = .header
      if let step = negotiation.receive(clientFlags: flags) { perform(step, context) }
    case .header:
      guard let bytes = inbound.readBytes(length: OptionHeader.size) else { return false }
      guard let header = OptionHeader(decoding: bytes) else {
        end(context, .violation, "what it sent is no option")
        return false
      }
      let limit = services.limits.optionSize
      guard header.dataSize <= limit else {
        end(context, .optionSize, "an option has \(header.dataSize) bytes; \(limit) are allowed")
        return false
      }
      lastMessage = .now()
      state = .data(header)
    case .data(let header):
      guard let data = inbound.readBytes(length: header.dataSize) else { return false }
      state = .header
      perform(negotiation.receive(header, data: data), context)
    case .finding, .ended:
      return false
    }
    return true
  }

  private func perform(_ step: Negotiation.Step, _ context: ChannelHandlerContext) {
    if case .find = step {} else { lastFinding = nil }
    switch step {
    case .send(let bytes):
      send(bytes)
    case .find(let name):
      find(name, context)
    case .check(let name):
      perform(negotiation.confirm(catalog.export(named: name) != nil), context)
    case .listExports:
      perform(negotiation.list(encoded: catalog.listing), context)
    case .transmit:
      preconditionFailure("transmission follows the lookup of an export")
    case .startTLS(let bytes):
      startTLS(bytes, context)
    case .close(let bytes):
      close(bytes, context)
    case .hangUp(let why):
      end(context, why == .tooManyOptions ? .options : .violation, why.message)
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
    negotiation.shutDown()
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.farewell) { bound.value.close(promise: nil) }
  }

  /// How long clients that negotiate get to learn that the server is shutting down.
  private static let farewell = TimeAmount.milliseconds(100)

  /// Answers the option that an export was found for.
  func finish(_ finding: Finding, _ context: ChannelHandlerContext) {
    let next = negotiation.resolve(finding.result.map(\.information))
    if case .transmit(let bytes, let agreement) = next, case .success(let export) = finding.result {
      send(bytes)
      flush(context)
      transmit(export, agreement, context)
    } else {
      perform(next, context)
      lastFinding = finding.isPassing ? nil : finding
    }
  }

  /// Goes on after an export was made, unless the connection is gone.
  func resume(_ finding: Finding, _ context: ChannelHandlerContext) {
    guard case .finding = state else { return }
    state = .header
    lastMessage = .now()
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
    guard inbound.readableBytes == 0, let handler = services.security?.makeHandler() else {
      inbound.clear()
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
