import CHost
import NIOCore
import NIOPosix
import Synchronization

extension ConnectionServices {
  /// The event loop that a connection should go to if it is not alone where it is: one
  /// that has fewer connections, and would have no more then.
  func betterLoop(than eventLoop: any EventLoop) -> (any EventLoop)? {
    let counts = counts(on: eventLoops)
    guard let home = eventLoops.firstIndex(where: { $0 === eventLoop }),
      let least = counts.indices.min(by: { counts[$0] < counts[$1] }),
      counts[least] + 1 < counts[home]
    else { return nil }
    return eventLoops[least]
  }
}

/// Whether a connection that moves has got its new channel.
private final class Arrival: Sendable {
  let isOver = Atomic(false)
}

// Going to another event loop.
extension TransmissionHandler {
  /// Goes on with the connection on another event loop, if that has fewer of them.
  ///
  /// Clients are served where they were accepted at first: most negotiations are short, and
  /// to wake another event loop takes longer than they do. A channel cannot leave its event
  /// loop, but its socket can get another channel.
  ///
  /// - Precondition: Nothing is being read from the socket, or waits to be sent.
  /// - Returns: Whether this handler has nothing to do with the connection any more.
  func moveIfCrowded(_ context: ChannelHandlerContext) -> Bool {
    guard let socket, stepCount >= ConnectionLimits.stepsBeforeMove, isAtRest else { return false }
    stepCount = 0
    guard let loop = services.betterLoop(than: context.eventLoop) else { return false }
    // Unless there is no descriptor to spare.
    let duplicate = host_duplicate(socket)
    guard duplicate >= 0 else { return false }
    let old = context.channel
    let address = old.remoteAddress?.ipAddress
    let (rest, watch) = giveUp()
    let (services, responder, tally) = (services, responder, tally)
    services.channels.withLock { $0.beginMove(old) }
    let arrival = Arrival()
    // From here on nothing is read by the old channel.
    context.close(promise: nil)
    ClientBootstrap(group: loop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        // The socket keeps its own options.
        try Binder.prepare(channel)
        let socket = channel.socket
        let handler = TransmissionHandler(
          responder,
          services,
          BusyPoll(socket, services.limits),
          socket: socket,
          watch,
          goingOnWith: rest,
          tally
        )
        try handler.prepare(channel)
        try channel.pipeline.syncOperations.addHandler(handler)
        arrival.isOver.store(true, ordering: .relaxed)
        let isStopping = services.channels.withLock { $0.endMove(to: channel) }
        services.follow(channel, from: address)
        if isStopping { channel.pipeline.fireUserInboundEventTriggered(ServerIsShuttingDown()) }
      }
    }
    .withConnectedSocket(duplicate)
    .whenFailure { _ in
      // The new channel looks after itself.
      guard !arrival.isOver.load(ordering: .relaxed) else { return }
      watch?.end()
      services.metrics.end(tally)
      if services.channels.withLock({ $0.failMove(from: address) }) {
        services.noteEmptiness(loop)
      }
    }
    return true
  }
}
