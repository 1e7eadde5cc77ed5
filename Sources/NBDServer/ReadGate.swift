import NIOCore

extension ChannelHandlerContext {
  /// Closes the connection once everything that was written has been sent.
  func closeAfterWriting() {
    let promise = eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    promise.futureResult.whenComplete { _ in
      let context = bound.value
      // TLS waits for the client's farewell, which now is not half an end, but the end.
      try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
      context.close(promise: nil)
    }
    writeAndFlush(NIOAny(ByteBuffer()), promise: promise)
  }
}

/// Holds back reading from the socket while a connection has enough to do.
struct ReadGate {
  private var isHeld = false

  /// Reads, or remembers to, when the pipeline wants to.
  mutating func read(_ context: ChannelHandlerContext, isOpen: Bool) {
    if isOpen { context.read() } else { isHeld = true }
  }

  /// Makes up for a read that was held back.
  mutating func open(_ context: ChannelHandlerContext) {
    guard isHeld else { return }
    isHeld = false
    context.read()
  }
}
