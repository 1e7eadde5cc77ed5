/// How many of something took how long.
///
/// A bucket ends at each power of two microseconds, from 1 µs to about 17 s; the
/// last one has no end.
public struct LatencyHistogram: Sendable {
  /// Number of buckets.
  public static let bucketCount = 26

  private var buckets: [Int]

  /// How many were counted.
  public private(set) var count: Int

  /// How long all of them took together, in nanoseconds.
  public private(set) var sum: Int

  /// Creates a histogram, by default of nothing.
  init(buckets: [Int] = Array(repeating: 0, count: bucketCount), sum: Int = 0) {
    self.buckets = buckets
    self.sum = sum
    count = buckets.reduce(0, +)
  }

  /// The index of the bucket for something that takes so many nanoseconds, not a
  /// negative number.
  static func bucket(nanoseconds: Int) -> Int {
    // The number of bits of the microseconds that are begun.
    let microseconds = nanoseconds / 1000 + (nanoseconds % 1000 == 0 ? 0 : 1)
    let bits = microseconds <= 1 ? 0 : Int.bitWidth - (microseconds - 1).leadingZeroBitCount
    return min(bits, bucketCount - 1)
  }

  mutating func add(_ other: LatencyHistogram) {
    for index in buckets.indices { buckets[index] &+= other.buckets[index] }
    count &+= other.count
    sum &+= other.sum
  }

  /// How many are in the bucket at `index`.
  public subscript(bucket index: Int) -> Int { buckets[index] }

  /// The longest time that belongs to the bucket at `index`, in microseconds; `nil`
  /// for the last one.
  public static func end(ofBucket index: Int) -> Int? {
    index < bucketCount - 1 ? 1 << index : nil
  }

  /// The end of the bucket that holds the one which takes longer than a share of
  /// all; `nil` if there is none, or no end.
  public func quantile(_ share: Double) -> Int? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((Double(count) * share).rounded(.up)))
    var seen = 0
    for index in buckets.indices {
      seen += buckets[index]
      if seen >= rank { return Self.end(ofBucket: index) }
    }
    return nil
  }
}
