import NIOCore

/// Gathers replies, and hands them to the socket in one piece.
struct Outbox {
  private var buffer: ByteBuffer

  /// Starts small: a client that asks for little costs little.
  init(_ allocator: ByteBufferAllocator) {
    buffer = allocator.buffer(capacity: 0)
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
    let capacity = buffer.readableBytes
    context.writeAndFlush(NIOAny(buffer), promise: nil)
    // The same memory again, unless the socket did not take all of it; then as much
    // as was needed last.
    buffer.clear(minimumCapacity: capacity)
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
