import NIOCore
import SystemPackage

// When a connection gets the event loop, and for how long.
extension TransmissionHandler {
  /// Waits awake for the next request, or for the client to take replies.
  func stayAwake(_ context: ChannelHandlerContext) {
    let end = NIODeadline.now() + ConnectionLimits.turn
    // Of a channel that is not active the descriptor may be somebody else's by now.
    while context.channel.isActive, !isClosed, !isClosing, !isGivingWay, bytesInFlight == 0 {
      let isIdle = { [services] in services.isAlmostIdle(context.eventLoop) }
      guard let socket, exchange.outbox.isDirect else {
        busyPoll.wait(for: context.channel.isWritable ? .readable : .writable, while: isIdle)
        return
      }
      guard mayProceed(context), !isDisconnecting, !isInputClosed else { return }
      var count: Int64 = 0
      _ = busyPoll.wait(
        until: {
          count = exchange.inbox.receive(from: socket)
          return count != -Int64(Errno.wouldBlock.rawValue)
        },
        while: isIdle
      )
      guard count > 0 else {
        // What else there is to know SwiftNIO finds out.
        exchange.inbox.tidy(keepsRoom: false)
        return
      }
      process(context)
      guard NIODeadline.now() < end else {
        // The event loop has other things to do, and comes back at once if there is
        // something to receive: it does not fall asleep on the way.
        busyPoll.wait(for: .readable, while: isIdle)
        return
      }
    }
  }

  /// Stops for so long that the event loop can turn to other connections; if there are
  /// none, now and then, to those who want one.
  func giveWay(_ context: ChannelHandlerContext) {
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
}
