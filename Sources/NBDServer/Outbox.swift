import NIOCore

/// Gathers replies, and hands them to the socket in one piece.
struct Outbox {
  private var buffer: ByteBuffer

  init(_ allocator: ByteBufferAllocator) {
    buffer = allocator.buffer(capacity: ConnectionLimits.batchSize)
  }

  /// Number of bytes that wait to be sent.
  var count: Int { buffer.readableBytes }

  /// Appends what `body` composes in at most `limit` bytes; `false`, or an
  /// error, takes it back.
  mutating func append<Failure: Error>(
    limit: Int,
    _ body: (inout OutputRawSpan) throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    try buffer.append(limit: limit, body)
  }

  /// Appends replies that were composed elsewhere.
  mutating func append(_ replies: inout ByteBuffer) {
    buffer.writeBuffer(&replies)
  }

  /// Hands everything to the socket.
  mutating func flush(_ context: ChannelHandlerContext) {
    guard buffer.readableBytes > 0 else { return }
    context.writeAndFlush(NIOAny(buffer), promise: nil)
    // The same memory again, unless the socket did not take all of it.
    buffer.clear(minimumCapacity: ConnectionLimits.batchSize)
  }
}

extension ByteBuffer {
  /// Appends what `body` composes, in at most `limit` bytes; `false`, or an
  /// error, takes it back.
  mutating func append<Failure: Error>(
    limit: Int,
    _ body: (inout OutputRawSpan) throws(Failure) -> Bool
  ) throws(Failure) -> Bool {
    var isComplete = false
    try writeWithOutputRawSpan(minimumWritableBytes: limit) { output throws(Failure) in
      isComplete = try body(&output)
      if !isComplete { output.removeAll() }
    }
    return isComplete
  }
}
