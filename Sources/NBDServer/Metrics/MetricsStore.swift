import Synchronization

/// Where connections leave what they counted.
///
/// It is split, so that connections seldom wait for one another.
final class MetricsStore: Sendable {
  private let shards: [Shard]
  private let nextShard = Atomic(0)
  private let start = ContinuousClock.now

  /// A part of it.
  final class Shard: Sendable {
    fileprivate let metrics = Mutex(ServerMetrics())

    /// Adds what a connection counted, and has it count from zero again.
    func take(_ tally: inout Tally) {
      guard !tally.isEmpty else { return }
      metrics.withLock { $0.tally.add(tally) }
      tally = Tally()
    }

    func count(_ change: (inout ServerMetrics) -> Void) { metrics.withLock { change(&$0) } }
  }

  init() { shards = (0..<16).map { _ in Shard() } }

  /// The part for one more connection.
  func shard() -> Shard {
    shards[nextShard.wrappingAdd(1, ordering: .relaxed).oldValue & (shards.count - 1)]
  }

  /// Everything together; what is open and buffered has to be filled in.
  func total() -> ServerMetrics {
    var total = ServerMetrics()
    for shard in shards {
      let part = shard.metrics.withLock { $0 }
      total.tally.add(part.tally)
      total.connectionCount += part.connectionCount
      total.transmissionCount += part.transmissionCount
      total.ends.add(part.ends)
    }
    total.uptime = ContinuousClock.now - start
    return total
  }
}
