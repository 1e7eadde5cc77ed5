import NIOCore
import NIOEmbedded

/// Stands for the socket of a connection, first in its pipeline: it is read when
/// the server wants to, and is full when the peer does not read.
final class FakeSocket: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What the server has said.
  private(set) var said: [UInt8] = []

  /// Whether the server waits for more to arrive.
  private(set) var isReading = false

  /// How many bytes are taken before the socket is full.
  var room: Int

  private var written: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
  private let channel: EmbeddedChannel

  init(_ channel: EmbeddedChannel, room: Int) {
    (self.channel, self.room) = (channel, room)
  }

  func read(context: ChannelHandlerContext) { isReading = true }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    written.append((unwrapOutboundIn(data), promise))
  }

  func flush(context: ChannelHandlerContext) { send() }

  /// Takes what was written, as long as there is room.
  private func send() {
    while room > 0 || written.first?.bytes.readableBytes == 0, !written.isEmpty {
      let (bytes, promise) = written.removeFirst()
      said += bytes.readableBytesView
      room = max(0, room - bytes.readableBytes)
      promise?.succeed(())
    }
    set(isWritable: written.isEmpty)
  }

  private func set(isWritable: Bool) {
    guard channel.isWritable != isWritable else { return }
    channel.isWritable = isWritable
    channel.pipeline.syncOperations.fireChannelWritabilityChanged()
  }

  /// The peer reads some of what it was sent.
  func drain(_ count: Int) {
    room = max(room, count)
    send()
  }

  /// The peer's bytes arrive.
  func deliver(_ bytes: [UInt8]) {
    isReading = false
    let pipeline = channel.pipeline.syncOperations
    pipeline.fireChannelRead(NIOAny(ByteBuffer(bytes: bytes)))
    pipeline.fireChannelReadComplete()
    pipeline.read()
  }
}
