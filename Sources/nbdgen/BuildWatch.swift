import CHost
import Synchronization

/// Ends the program if a signal comes while a disk is being built: then there is
/// nothing yet that would have to be cleaned up.
///
/// All threads have the signals blocked, so somebody has to wait for them. That is a
/// thread of its own: the first one of a queue takes as long to come into being as a
/// small disk.
final class BuildWatch: Sendable {
  private let isOver = Atomic(false)
  private let onEnd: @Sendable () -> Void

  /// How long a wait takes, in milliseconds.
  private static let interval: Int64 = 50

  /// Starts to watch.
  ///
  /// - Parameter onEnd: Called before the program ends.
  init(onEnd: @escaping @Sendable () -> Void) {
    self.onEnd = onEnd
    let watch = unsafe Unmanaged.passRetained(self)
    let result = unsafe host_start_thread(
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<BuildWatch>.fromOpaque(context).takeRetainedValue().watch()
        return nil
      },
      watch.toOpaque()
    )
    // Without a thread signals wait until the disk is built.
    if result < 0 { unsafe watch.release() }
  }

  private func watch() {
    while !isOver.load(ordering: .acquiring) {
      let signal = host_wait_signal(Self.interval)
      guard signal > 0 else { continue }
      if isOver.load(ordering: .acquiring) {
        // It is for those who wait now.
        _ = host_send_signal(host_process_number(), signal)
      } else if signal != SignalNumber.child && signal != SignalNumber.user {
        onEnd()
        host_exit(128 + signal)
      }
    }
  }

  /// Stops watching.
  func end() { isOver.store(true, ordering: .releasing) }
}
