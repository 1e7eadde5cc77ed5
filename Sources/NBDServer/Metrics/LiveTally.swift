import NBDProtocol
import NIOCore
import Synchronization

/// What is being counted on one connection.
///
/// Only the connection's event loop counts; any thread may look. So counting takes
/// no more than adding to memory.
final class LiveTally: Sendable {
  private let cells = InlineArray<64, Atomic<Int>> { _ in Atomic(0) }

  /// Where the numbers are.
  private enum Place {
    static let requests = 0
    static let errors = 16
    static let readSize = 32
    static let waitCount = 33
    static let duration = 34
    static let buckets = 35
  }

  private func add(_ count: Int, at place: Int) {
    // There is one writer.
    let value = cells[place].load(ordering: .relaxed)
    cells[place].store(value &+ count, ordering: .relaxed)
  }

  /// Counts a request that was taken.
  func count(_ command: Command) { add(1, at: Place.requests + RequestKind(command).rawValue) }

  /// Counts a reply that is an error.
  func count(_ error: ErrorNumber) { add(1, at: Place.errors + ReplyErrorKind(error).rawValue) }

  /// Counts the bytes of a successful read.
  func countRead(_ size: Int) { add(size, at: Place.readSize) }

  /// Counts a part of a read that storage is waited for.
  func countWait() { add(1, at: Place.waitCount) }

  /// Counts a request that took from one moment to another.
  func countTime(from start: NIODeadline, to end: NIODeadline) {
    countTimes(1, from: start, to: end)
  }

  /// Counts requests that took from one moment to another, each of them.
  func countTimes(_ count: Int, from start: NIODeadline, to end: NIODeadline) {
    guard count > 0 else { return }
    let duration = max(0, Int((end - start).nanoseconds))
    add(count &* duration, at: Place.duration)
    add(count, at: Place.buckets + LatencyHistogram.bucket(nanoseconds: duration))
  }

  /// What was counted so far.
  var value: Tally {
    func cell(_ place: Int) -> Int { cells[place].load(ordering: .relaxed) }
    var tally = Tally()
    for kind in RequestKind.allCases {
      tally.requests.add(cell(Place.requests + kind.rawValue), to: kind)
    }
    for kind in ReplyErrorKind.allCases {
      tally.errors.add(cell(Place.errors + kind.rawValue), to: kind)
    }
    tally.readSize = cell(Place.readSize)
    tally.waitCount = cell(Place.waitCount)
    tally.latency = LatencyHistogram(
      buckets: (0..<LatencyHistogram.bucketCount).map { cell(Place.buckets + $0) },
      sum: cell(Place.duration)
    )
    return tally
  }
}
