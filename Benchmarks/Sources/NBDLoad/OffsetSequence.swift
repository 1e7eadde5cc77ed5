/// The offsets that a connection asks for.
struct OffsetSequence {
  private let requestSize: Int
  private let pattern: LoadPlan.Pattern
  /// Where the requests of each range start, and how many of them come before it.
  private var starts: [Int] = []
  private var before: [Int] = []
  private var count = 0
  private var position: Int
  private var random: QuickRandom

  /// - Throws: ``LoadFailure`` if a request fits into none of the ranges.
  init(_ plan: LoadPlan, _ size: Int, _ connection: Int) throws {
    requestSize = plan.requestSize
    pattern = plan.pattern
    for range in plan.ranges.isEmpty ? [0..<size] : plan.ranges {
      let fitting = range.clamped(to: 0..<size).count / requestSize
      guard fitting > 0 else { continue }
      starts.append(range.lowerBound)
      before.append(count)
      count += fitting
    }
    guard count > 0 else { throw LoadFailure.noRoom(requestSize: requestSize, diskSize: size) }
    random = QuickRandom(seed: plan.seed &+ UInt64(connection))
    position = count / plan.connections * connection
  }

  mutating func next() -> Int {
    let index: Int
    switch pattern {
    case .random:
      index = random.next(below: count)
    case .sequential:
      index = position
      position = position + 1 < count ? position + 1 : 0
    }
    return offset(ofRequest: index)
  }

  private func offset(ofRequest index: Int) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if before[middle] <= index { low = middle } else { high = middle }
    }
    return starts[low] + (index - before[low]) * requestSize
  }
}
