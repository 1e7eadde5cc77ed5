import CHost
import Synchronization

/// The moment when the last client has gone, which the main thread can wait for.
final class ClientsEnd: Sendable {
  private let isOver = Atomic(false)

  /// Whether it has come.
  var isReached: Bool { isOver.load(ordering: .acquiring) }

  /// Says that it has come; a thread that waits for signals looks again.
  func signal() {
    isOver.store(true, ordering: .releasing)
    _ = host_send_signal(host_process_number(), SignalNumber.child)
  }
}
