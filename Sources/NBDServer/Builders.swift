import Dispatch
import NIOPosix
import Synchronization

/// Threads that make deferred content; there are none before somebody needs them.
final class Builders: Sendable {
  /// How many exports are made at a time; the others wait for their turn.
  private static let width = 4

  private let state = Mutex(State())

  private struct State {
    var pool: NIOThreadPool?
    var isOver = false
  }

  /// Has one of the threads run `work`, which is told whether there is still somebody
  /// to work for.
  func submit(_ work: @escaping @Sendable (_ isActive: Bool) -> Void) {
    let pool = state.withLock { state -> NIOThreadPool? in
      if state.isOver { return nil }
      if let pool = state.pool { return pool }
      let pool = NIOThreadPool(numberOfThreads: Self.width)
      pool.start()
      state.pool = pool
      return pool
    }
    guard let pool else { return work(false) }
    pool.submit { state in
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
