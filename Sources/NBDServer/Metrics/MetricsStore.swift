import Synchronization

/// Everything that a server counts.
final class MetricsStore: Sendable {
  private let state = Mutex(State())
  private let start = ContinuousClock.now

  private struct State {
    /// What happened, but for what is counted on connections that are there.
    var metrics = ServerMetrics()
    var live: [ObjectIdentifier: LiveTally] = [:]
  }

  /// Changes what happened.
  func count(_ change: (inout ServerMetrics) -> Void) {
    state.withLock { change(&$0.metrics) }
  }

  /// Something for a connection to count in, until ``end(_:)``.
  func begin() -> LiveTally {
    let tally = LiveTally()
    state.withLock { state in
      state.metrics.transmissionCount += 1
      state.live[ObjectIdentifier(tally)] = tally
    }
    return tally
  }

  /// Keeps what a connection has counted, which counts no more.
  func end(_ tally: LiveTally) {
    state.withLock { state in
      guard state.live.removeValue(forKey: ObjectIdentifier(tally)) != nil else { return }
      state.metrics.tally.add(tally.value)
    }
  }

  /// Everything together; what is open and buffered has to be filled in.
  func total() -> ServerMetrics {
    var (total, live) = state.withLock { ($0.metrics, $0.live) }
    for tally in live.values { total.tally.add(tally.value) }
    total.uptime = ContinuousClock.now - start
    return total
  }
}
