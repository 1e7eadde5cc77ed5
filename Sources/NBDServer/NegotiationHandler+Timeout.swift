import NIOCore

extension NegotiationHandler {
  /// When a client that says nothing has been silent for too long.
  private var silenceEnd: NIODeadline {
    dialogue.lastMessage + TimeAmount(services.limits.negotiationIdleTime)
  }

  /// Ends the connection when the negotiation takes too long, or the client is
  /// silent for too long.
  func watch(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    timeout = context.eventLoop.scheduleTask(deadline: min(deadline, silenceEnd)) {
      let (handler, context) = bound.value
      handler.checkTime(context)
    }
  }

  private func checkTime(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    if case .finding = state {
      // It is the client that waits.
      dialogue.lastMessage = now
      deadline = max(deadline, silenceEnd)
    }
    guard now >= min(deadline, silenceEnd) else { return watch(context) }
    let isSilent = now < deadline
    end(
      context,
      isSilent ? .negotiationIdleTime : .negotiationTime,
      isSilent ? "it says nothing" : "it takes too long to negotiate"
    )
  }
}
