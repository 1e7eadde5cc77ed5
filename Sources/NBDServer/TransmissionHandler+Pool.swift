import DiskModel
import NIOCore

/// Appends a part of a reply; `false` says that it would have had to wait for storage, and
/// may not.
typealias Composition =
  @Sendable (inout OutputRawSpan, inout ReadManner) throws(ReadFailure)
  -> Bool

extension TransmissionHandler {
  /// Has the pool compose something, and calls `completion` on the event loop.
  func submit(
    count: Int,
    _ context: ChannelHandlerContext,
    _ compose: @escaping Composition,
    _ completion:
      @escaping (
        TransmissionHandler, ChannelHandlerContext, Result<ByteBuffer, ReadFailure>
      ) -> Void
  ) {
    let cost = count + ConnectionLimits.inFlightOverhead
    bytesInFlight += cost
    tally.countWait()
    services.buffers.add(cost)
    let eventLoop = context.eventLoop
    let bound = NIOLoopBound((handler: self, context: context, completion), eventLoop: eventLoop)
    services.pool.submit { isActive in
      var reply = ByteBufferAllocator().buffer(capacity: Responder.replyLimit(count))
      var result: Result<ByteBuffer, ReadFailure>
      do throws(ReadFailure) {
        _ = try reply.append(limit: Responder.replyLimit(count)) {
          output throws(ReadFailure) in
          guard isActive else {
            throw ReadFailure(subject: "the server", offset: 0, cause: "it is shutting down")
          }
          var manner = ReadManner(mayWait: true)
          return try compose(&output, &manner)
        }
        result = .success(reply)
      } catch {
        result = .failure(error)
      }
      eventLoop.execute { [result] in
        let (handler, context, completion) = bound.value
        handler.bytesInFlight -= cost
        handler.services.buffers.add(-cost)
        guard !handler.isClosed else { return }
        completion(handler, context, result)
        handler.process(context)
      }
    }
  }
}
