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

  /// How many times in a row not to look, at most, if nothing comes.
  private static let mostSkipped = 63

  /// How long not to look if others want the processor; at first, and at most.
  private static let pauses = TimeAmount.milliseconds(5)...TimeAmount.milliseconds(1600)

  /// After so many times of some use, others are forgotten.
  private static let oblivion = 1000

  /// How many times to look before others get the processor: giving way takes longer than
  /// looking.
  private static let looksInARow = 16

  /// How long it is looked; what QEMU allows its event loops is of the default's order.
  private let limit: TimeAmount
  private let isOn: Bool
  private let socket: CInt?
  private var skipped = 0
  private var toSkip = 0
  private var pause = pauses.lowerBound
  private var pauseEnd = NIODeadline.uptimeNanoseconds(0)
  private var usefulCount = 0

  /// Gets ready to look at a connection's socket; of others, such as pipes, there is none,
  /// and they are never waited for.
  init(_ socket: CInt?, _ limits: ServerLimits) {
    limit = TimeAmount(limits.busyPollTime)
    isOn = limit > .zero && socket != nil
    self.socket = socket
  }

  /// Gets ready to look at one thing after another.
  init(_ limits: ServerLimits) {
    limit = TimeAmount(limits.busyPollTime)
    isOn = limit > .zero
    socket = nil
  }

  /// Waits until the socket is as expected, for no longer than the limit.
  ///
  /// - Parameters:
  ///   - readiness: What is expected.
  ///   - mayWait: Says whether nobody else needs the event loop.
  /// - Returns: Whether it was seen to be as expected.
  @discardableResult
  mutating func wait(for readiness: Readiness, while mayWait: () -> Bool) -> Bool {
    guard let socket else { return false }
    return wait(until: { host_is_ready(socket, readiness.rawValue) != 0 }, while: mayWait)
  }

  /// Waits until something has happened, for no longer than the limit.
  ///
  /// - Parameters:
  ///   - hasHappened: Looks whether it has.
  ///   - mayWait: Says whether nobody else needs the event loop.
  /// - Returns: Whether it was seen to have.
  mutating func wait(until hasHappened: () -> Bool, while mayWait: () -> Bool) -> Bool {
    guard isOn, mayWait() else { return false }
    guard skipped >= toSkip else {
      skipped += 1
      return false
    }
    skipped = 0
    let start = NIODeadline.now()
    guard start >= pauseEnd else { return false }
    var now = start
    var lookCount = 0
    while !hasHappened() {
      lookCount += 1
      if lookCount % Self.looksInARow == 0 {
        guard mayWait() else { return false }
        // Whoever waits for this processor may be the client.
        host_yield()
      }
      now = .now()
      guard now < start + limit else {
        giveUp(now, after: now - start)
        return false
      }
    }
    toSkip /= 2
    usefulCount += 1
    if usefulCount == Self.oblivion { pause = Self.pauses.lowerBound }
    return true
  }

  /// Looks less often from now on.
  private mutating func giveUp(_ now: NIODeadline, after time: TimeAmount) {
    guard time > limit + limit else {
      toSkip = min(2 * toSkip + 1, Self.mostSkipped)
      return
    }
    // Others were busy here meanwhile. Who sleeps is woken before them; who looks is not.
    pauseEnd = now + pause
    pause = min(pause + pause, Self.pauses.upperBound)
    usefulCount = 0
  }
}

extension Channel {
  /// The descriptor of the connection's socket; `nil` for others, such as pipes.
  ///
  /// To be asked for on the channel's event loop, once: it takes half a microsecond.
  var socket: CInt? {
    try? pipeline.syncOperations
      .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
  }
}
