import Foundation

/// Runs the code of an actor on a thread of its own, where it may wait for
/// programs of the host without being in the way of other tests.
package final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
  private let condition = NSCondition()
  /// Guarded by `condition`.
  private var jobs: [UnownedJob] = []

  /// Starts the thread, which is there for ever.
  package init(name: String) {
    let thread = Thread { [self] in run() }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    condition.lock()
    jobs.append(UnownedJob(job))
    condition.signal()
    condition.unlock()
  }

  private func run() {
    while true {
      condition.lock()
      while jobs.isEmpty { condition.wait() }
      let job = jobs.removeFirst()
      condition.unlock()
      unsafe job.runSynchronously(on: asUnownedSerialExecutor())
    }
  }
}
