import CHost
import Dispatch
import NIOPosix
import Synchronization

/// Threads for what would make an event loop wait; there are none before somebody
/// needs them, as starting them takes a third of the time that starting a server takes.
final class LazyThreadPool: Sendable {
  /// How much is done at a time; the rest waits for its turn.
  private let width: Int

  private let state = Mutex(State())

  private struct State {
    var pool: NIOThreadPool?
    var isOver = false
  }

  init(width: Int) { self.width = width }

  /// Has one of the threads run `work`, which is told whether there is still somebody
  /// to work for.
  func submit(_ work: @escaping @Sendable (_ isActive: Bool) -> Void) {
    let pool = state.withLock { state -> NIOThreadPool? in
      if state.isOver { return nil }
      if let pool = state.pool { return pool }
      let pool = NIOThreadPool(numberOfThreads: width)
      pool.start()
      state.pool = pool
      return pool
    }
    guard let pool else { return work(false) }
    pool.submit { state in
      // Event loops answer at once what they are asked for; a processor that wakes up for
      // what took waiting anyway must not stop them.
      host_let_others_first()
      if case .active = state { work(true) } else { work(false) }
    }
  }

  /// Ends the threads when they have nothing to do; what waits for them is told.
  func shutDown(queue: DispatchQueue, _ whenDone: @escaping @Sendable () -> Void) {
    let pool = state.withLock { state in
      state.isOver = true
      return state.pool
    }
    guard let pool else { return whenDone() }
    pool.shutdownGracefully(queue: queue) { _ in whenDone() }
  }
}
