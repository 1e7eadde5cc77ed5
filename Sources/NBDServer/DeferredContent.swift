import Dispatch
import Synchronization

/// What clients read, made when the first of them asks for it, and kept from then on.
///
/// However many ask meanwhile, it is made once. If that fails, all of them are told
/// why, and it is tried again for the next one that asks.
public final class DeferredContent: Sendable {
  /// Makes the content, on a thread where it may take its time; what it makes is
  /// not deferred once more.
  public typealias Recipe = @Sendable () throws(SessionDiskError) -> Export.Content

  /// Receives what was made, or why nothing was.
  typealias Waiter = @Sendable (Result<Export.Content, SessionDiskError>) -> Void

  private let recipe: Recipe
  private let state = Mutex(State.unmade)

  private enum State {
    case unmade
    case inProgress(Queue)
    case made(Export.Content)
  }

  /// Those who wait, each with a number to be forgotten by.
  private struct Queue {
    var waiters: [Int: Waiter] = [:]
    var nextNumber = 0

    mutating func add(_ waiter: @escaping Waiter) -> Int {
      nextNumber += 1
      waiters[nextNumber] = waiter
      return nextNumber
    }
  }

  /// Creates content that nobody has asked for.
  public init(_ recipe: @escaping Recipe) { self.recipe = recipe }

  /// The content if it was made.
  var content: Export.Content? {
    state.withLock { state in
      if case .made(let content) = state { content } else { nil }
    }
  }

  /// Makes the content on this thread, or waits for who is about it.
  public func make() {
    let isDone = DispatchSemaphore(value: 0)
    let isMine = state.withLock { state -> Bool? in
      switch state {
      case .made:
        return nil
      case .inProgress(var queue):
        _ = queue.add { _ in isDone.signal() }
        state = .inProgress(queue)
        return false
      case .unmade:
        state = .inProgress(Queue())
        return true
      }
    }
    switch isMine {
    case true?: finish(Self.result(of: recipe))
    case false?: isDone.wait()
    case nil: break
    }
  }

  /// Hands the content to `waiter`, on whatever thread, once there is some.
  ///
  /// - Parameters:
  ///   - builders: Where it is made, if nobody is about it yet.
  ///   - waiter: Is called once, unless it is forgotten before.
  /// - Returns: A number to forget the waiter by.
  func whenMade(by builders: LazyThreadPool, _ waiter: @escaping Waiter) -> Int {
    let (number, isFirst, content) = state.withLock { state -> (Int, Bool, Export.Content?) in
      switch state {
      case .made(let content):
        return (0, false, content)
      case .inProgress(var queue):
        let number = queue.add(waiter)
        state = .inProgress(queue)
        return (number, false, nil)
      case .unmade:
        var queue = Queue()
        let number = queue.add(waiter)
        state = .inProgress(queue)
        return (number, true, nil)
      }
    }
    if let content { waiter(.success(content)) }
    if isFirst {
      builders.submit { [self] isActive in
        finish(
          isActive
            ? Self.result(of: recipe)
            : .failure(SessionDiskError("the server is shutting down"))
        )
      }
    }
    return number
  }

  /// Lets a waiter go that is no longer interested.
  func forget(_ number: Int) {
    state.withLock { state in
      guard case .inProgress(var queue) = state else { return }
      queue.waiters[number] = nil
      state = .inProgress(queue)
    }
  }

  private func finish(_ result: Result<Export.Content, SessionDiskError>) {
    let waiters = state.withLock { state -> [Waiter] in
      guard case .inProgress(let queue) = state else { return [] }
      if case .success(let content) = result { state = .made(content) } else { state = .unmade }
      return Array(queue.waiters.values)
    }
    for waiter in waiters { waiter(result) }
  }

  private static func result(of recipe: Recipe) -> Result<Export.Content, SessionDiskError> {
    do throws(SessionDiskError) {
      return .success(try recipe())
    } catch {
      return .failure(error)
    }
  }
}
