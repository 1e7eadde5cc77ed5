import Foundation
import Synchronization

/// Work on a thread of its own, which a test can wait for.
final class Background: Sendable {
  private let condition = NSCondition()
  private let isDone = Atomic(false)

  init(_ work: @escaping @Sendable () -> Void) {
    let thread = Thread { [self] in
      work()
      condition.lock()
      isDone.store(true, ordering: .sequentiallyConsistent)
      condition.broadcast()
      condition.unlock()
    }
    thread.start()
  }

  /// Whether the work is done, now or within some seconds.
  func isDone(within seconds: Double) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while !isDone.load(ordering: .sequentiallyConsistent) {
      guard condition.wait(until: deadline) else { return false }
    }
    return true
  }
}
