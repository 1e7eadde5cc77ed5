import CHost
import NIOCore
import NIOPosix

/// Stays awake for a moment, to see what a client does next.
///
/// Waking a thread costs more than answering a request, on a virtual machine ten times
/// as much: an idle processor has to be woken, too. Clients that are quick are therefore
/// waited for by looking again and again. That takes the event loop's time, so it is done
/// only where nobody else needs it, and ever more rarely if it is of no use.
struct BusyPoll {
  /// What a socket is expected to become.
  enum Readiness: CInt {
    case readable = 0
    case writable = 1
  }

  /// How many times in a row not to look, at most.
  private static let mostSkipped = 63

  /// How long it is looked; what QEMU allows its event loops is of the default's order.
  private let limit: TimeAmount
  private let socket: CInt?
  private var skipped = 0
  private var toSkip = 0

  /// Gets ready to look at a connection's socket; others, such as pipes, are never
  /// waited for.
  init(_ channel: any Channel, _ limits: ServerLimits) {
    limit = TimeAmount(limits.busyPollTime)
    guard limit > .zero else {
      socket = nil
      return
    }
    socket = try? channel.pipeline.syncOperations
      .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
  }

  /// Waits until the socket is as expected, for no longer than the limit.
  ///
  /// - Parameters:
  ///   - readiness: What is expected.
  ///   - mayWait: Says whether nobody else needs the event loop.
  mutating func wait(for readiness: Readiness, while mayWait: () -> Bool) {
    guard let socket, mayWait() else { return }
    guard skipped >= toSkip else {
      skipped += 1
      return
    }
    skipped = 0
    let end = NIODeadline.now() + limit
    var isReady = host_is_ready(socket, readiness.rawValue) != 0
    while !isReady && mayWait() {
      // Whoever waits for this processor may be the client.
      host_yield()
      isReady = host_is_ready(socket, readiness.rawValue) != 0
      // Too late is no success: others were busy here, and sleepers are woken before them.
      if NIODeadline.now() >= end {
        toSkip = min(2 * toSkip + 1, Self.mostSkipped)
        return
      }
    }
    toSkip = 0
  }
}
