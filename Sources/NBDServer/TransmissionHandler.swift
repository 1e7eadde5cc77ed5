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
  var exchange: Exchange

  /// Where to receive directly from; `nil` if everything comes through SwiftNIO.
  let socket: CInt?

  /// The piece that is being sent from where it is in a file.
  var placed: PlacedPiece?

  /// The long read that is being answered.
  var longRead: LongRead?

  /// Bytes that are on their way from storage.
  var bytesInFlight = 0

  /// Replies that have to wait until a reply in one piece is complete.
  var deferredReplies: [ByteBuffer] = []

  /// Whether the connection is gone.
  private(set) var isClosed = false

  /// Whether somebody else has it now.
  private var hasMoved = false

  /// How many requests were answered, or pieces of one, since it was looked whether to move.
  var stepCount = 0

  /// What was done since it was looked whether a turn is over, in simple requests.
  var workCount = 0

  /// What is counted on the connection.
  let tally: LiveTally

  /// When what is in the outbox began to be composed.
  var batchStart = NIODeadline.now()

  /// How many requests the outbox answers completely.
  var answerCount = 0

  /// Who is told what the client reads; usually nobody.
  let watch: ReadWatch?

  var payload: Payload?
  private var gate = ReadGate()
  var busyPoll: BusyPoll
  private var isProcessing = false

  /// Whether anything arrived that was not looked at.
  private var hasArrived = false

  /// What follows a request, and has not arrived completely.
  struct Payload {
    var request: Request
    var left: Int
    /// What has arrived; `nil` if it is thrown away.
    var bytes: [UInt8]?
  }
  var isDisconnecting = false
  var isShuttingDown = false

  /// Whether the client sends nothing more; it may still read its replies.
  var isInputClosed = false
  var isClosing = false

  /// Whether there is more to do, but others have their turn.
  var isGivingWay = false
  var turnsInARow = 0

  init(
    _ responder: Responder,
    _ services: ConnectionServices,
    _ busyPoll: BusyPoll,
    socket: CInt? = nil,
    _ watch: ReadWatch? = nil,
    goingOnWith rest: ByteBuffer = ByteBuffer(),
    _ tally: LiveTally? = nil
  ) {
    self.responder = responder
    self.socket = socket
    exchange = Exchange(
      Inbox(responder.form, rest),
      Outbox(ByteBufferAllocator(), socket: socket)
    )
    self.busyPoll = busyPoll
    self.watch = watch
    self.services = services
    self.tally = tally ?? services.metrics.begin()
  }

  /// Gets a connection ready for this.
  func prepare(_ channel: any Channel) throws {
    guard socket != nil else { return }
    let mark = ConnectionLimits.directWriteBuffer
    try channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark)
  }

  /// Leaves the connection to somebody else, with what has arrived of the next request.
  ///
  /// - Precondition: ``isAtRest``.
  func giveUp() -> (rest: ByteBuffer, watch: ReadWatch?) {
    hasMoved = true
    isClosed = true
    return (exchange.inbox.takeAll(), watch)
  }

  /// Whether nothing is on its way, to the client or from storage, and more may come.
  var isAtRest: Bool {
    longRead == nil && placed == nil && payload == nil && bytesInFlight == 0
      && exchange.outbox.count == 0
      && exchange.outbox.mayGrow && !isGivingWay && !isDisconnecting && !isClosing
      && !isShuttingDown
      && !isInputClosed
  }

  func handlerAdded(context: ChannelHandlerContext) {
    // Nothing must overtake what is left of the negotiation.
    let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    if socket != nil, let waiting, waiting > 0 { leave(context) }
  }

  func read(context: ChannelHandlerContext) {
    gate.read(context, isOpen: mayProceed(context))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What follows the end of the conversation is not looked at.
    guard !isDisconnecting else { return }
    exchange.inbox.append(unwrapInboundIn(data))
    hasArrived = true
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Nothing arrives with the end of input, of which an event tells when SwiftNIO is
    // done with it. To write before that could close the connection under its hands.
    guard hasArrived else { return }
    hasArrived = false
    process(context)
    if isClosed || moveIfCrowded(context) { return }
    stayAwake(context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    services.noteWritability(of: context.channel, besides: exchange.outbox.composedCount)
    process(context)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    if !hasMoved {
      watch?.end()
      services.metrics.end(tally)
    }
    longRead = nil
    _ = exchange.inbox.takeAll()
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
  func mayProceed(_ context: ChannelHandlerContext) -> Bool {
    context.channel.isWritable && exchange.outbox.mayGrow && mayTakeStep
  }

  /// The same as far as it may change while nothing is sent.
  private var mayTakeStep: Bool {
    guard !isGivingWay && (longRead == nil || !isWaitingForPiece) else { return false }
    return bytesInFlight == 0
      || bytesInFlight < services.limits.inFlightSize && services.buffers.hasRoom
  }

  /// Answers what has arrived, as far as there is room for replies.
  func process(_ context: ChannelHandlerContext) {
    guard !isProcessing else { return }
    isProcessing = true
    let wasGivingWay = isGivingWay
    batchStart = .now()
    let endOfTurn = batchStart + ConnectionLimits.turn
    exchange.asksHost = !exchange.outlook.isCold || services.isAlmostIdle(context.eventLoop)
    var isDone: Bool
    repeat {
      isDone = takeSteps(until: endOfTurn, context)
      if !send(context), isGivingWay || !becomesWritable(context) { leave(context) }
      // What the socket did not take at first, or what a piece that was sent is followed by.
    } while exchange.outbox.isDue || (exchange.outbox.count > 0 && exchange.outbox.mayGrow)
      || (!isDone && mayProceed(context))
    let isTurnOver = isGivingWay && !wasGivingWay
    isProcessing = false
    // Not before: the pause would be over.
    if isTurnOver { giveWay(context) }
    // Of those who receive directly, their own room; there may be many of the others.
    exchange.inbox.tidy(keepsRoom: exchange.outbox.isDirect)
    let isIdle =
      longRead == nil && placed == nil && bytesInFlight == 0 && !isGivingWay
      && !exchange.outbox.isWaiting
    if isIdle && (isDisconnecting || isShuttingDown) && !isClosing {
      isClosing = true
      context.closeAfterWriting()
    } else if mayProceed(context) {
      gate.open(context)
    }
  }

  /// Answers what has arrived, until there is no more room for replies, or the turn is
  /// over.
  ///
  /// - Returns: Whether nothing is left that could be answered.
  private func takeSteps(until endOfTurn: NIODeadline, _ context: ChannelHandlerContext) -> Bool {
    var mayGrow = mayProceed(context)
    while mayGrow && mayTakeStep {
      var count = takeReads(context)
      if count == 0 {
        guard takeStep(context) else { return true }
        count = 1
      }
      stepCount &+= count
      workCount &+= count
      if exchange.outbox.count >= ConnectionLimits.batchSize || placed != nil {
        send(context)
        mayGrow = mayProceed(context)
      } else if workCount < ConnectionLimits.workPerLook {
        continue
      }
      workCount = 0
      if NIODeadline.now() >= endOfTurn { isGivingWay = true }
    }
    return false
  }

  /// Whether the client takes replies before long.
  private func becomesWritable(_ context: ChannelHandlerContext) -> Bool {
    context.channel.isActive
      && busyPoll.wait(for: .writable) { services.isAlmostIdle(context.eventLoop) }
  }
}
