import DiskModel
import NIOCore

/// Appends a part of a reply; `false` says that it would have had to wait for storage, and
/// may not.
typealias Composition =
  @Sendable (inout OutputRawSpan, inout ReadManner) throws(ReadFailure)
  -> Bool

extension TransmissionHandler {
  /// Has the pool compose something, and calls `completion` on the event loop.
  ///
  /// - Parameters:
  ///   - count: How many bytes of the disk it takes.
  ///   - hostWasAsked: Whether the host said that it does not have them in memory.
  ///   - context: The handler's context.
  ///   - compose: Composes it.
  ///   - completion: Receives it.
  func submit(
    count: Int,
    hostWasAsked: Bool,
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
      var wasThere = false
      let result: Result<ByteBuffer, ReadFailure>
      do throws(ReadFailure) {
        guard isActive else {
          throw ReadFailure(subject: "the server", offset: 0, cause: "it is shutting down")
        }
        if !hostWasAsked { wasThere = try Self.compose(count, compose, mayWait: false, &reply) }
        if !wasThere { _ = try Self.compose(count, compose, mayWait: true, &reply) }
        result = .success(reply)
      } catch {
        result = .failure(error)
      }
      eventLoop.execute { [result, wasThere] in
        let (handler, context, completion) = bound.value
        if !hostWasAsked { handler.exchange.outlook.note(wasThere: wasThere) }
        handler.bytesInFlight -= cost
        handler.services.buffers.add(-cost)
        guard !handler.isClosed else { return }
        completion(handler, context, result)
        handler.process(context)
      }
    }
  }

  /// Appends to a reply what can be composed; `false` if it would take waiting that is not
  /// allowed.
  private static func compose(
    _ count: Int,
    _ compose: Composition,
    mayWait: Bool,
    _ reply: inout ByteBuffer
  ) throws(ReadFailure) -> Bool {
    try reply.append(limit: Responder.replyLimit(count)) { output throws(ReadFailure) in
      var manner = ReadManner(mayWait: mayWait)
      let isComplete = try compose(&output, &manner)
      if let failure = manner.checks.pass() { throw failure }
      return isComplete
    }
  }
}
