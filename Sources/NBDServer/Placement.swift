import CHost
import NIOCore
import NIOPosix

/// Decides which event loop serves a client that was accepted: the one that accepted it
/// if it has no other, or else one of those that have the fewest.
///
/// To go to another event loop, which sleeps, takes longer than a whole negotiation; to
/// share one with a busy client takes longer still.
final class Placement: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private let loops: [any EventLoop]
  private let count: @Sendable ([any EventLoop]) -> [Int]
  private let start: @Sendable (any Channel) -> EventLoopFuture<Void>

  /// Whose turn it is among equals.
  private var turn = 0

  /// Places clients of a listening socket.
  ///
  /// - Parameters:
  ///   - group: The event loops.
  ///   - count: How many clients each of them has.
  ///   - start: Gets the connection of a client going that goes to another event loop.
  init(
    _ group: MultiThreadedEventLoopGroup,
    count: @escaping @Sendable ([any EventLoop]) -> [Int],
    start: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) {
    loops = Array(group.makeIterator())
    self.count = count
    self.start = start
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let client = unwrapInboundIn(data)
    let counts = count(loops)
    let least = counts.min() ?? 0
    let home = loops.firstIndex { $0 === context.eventLoop }
    guard let home, counts[home] > least, let other = nextLoop(with: least, counts) else {
      context.fireChannelRead(data)
      return
    }
    // A channel cannot leave its event loop; its socket can, unless there is no
    // descriptor to spare.
    let socket = try? client.pipeline.syncOperations
      .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { host_duplicate($0) }
    guard let socket, socket >= 0 else {
      context.fireChannelRead(data)
      return
    }
    client.close(promise: nil)
    _ = ClientBootstrap(group: other).channelInitializer(start).withConnectedSocket(socket)
  }

  private func nextLoop(with count: Int, _ counts: [Int]) -> (any EventLoop)? {
    for _ in loops {
      turn = (turn + 1) % loops.count
      if counts[turn] == count { return loops[turn] }
    }
    return nil
  }
}
