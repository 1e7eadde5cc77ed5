import NIOCore

/// How many of something took how long.
///
/// A bucket ends at each power of two microseconds, from 1 µs to about 17 s; the
/// last one has no end.
public struct LatencyHistogram: Sendable {
  /// Number of buckets.
  public static let bucketCount = 26

  private var buckets = [26 of Int](repeating: 0)

  /// How many were counted.
  public private(set) var count = 0

  /// How long all of them took together, in nanoseconds.
  public private(set) var sum = 0

  /// Creates an empty histogram.
  public init() {}

  /// Counts one that took so many nanoseconds.
  public mutating func count(nanoseconds: Int) {
    let duration = max(0, nanoseconds)
    // The number of bits of the microseconds that are begun.
    let microseconds = (duration + 999) / 1000
    let bits = microseconds <= 1 ? 0 : Int.bitWidth - (microseconds - 1).leadingZeroBitCount
    buckets[min(bits, Self.bucketCount - 1)] &+= 1
    count &+= 1
    sum &+= duration
  }

  /// Counts one that took from one moment to another.
  mutating func add(from start: NIODeadline, to end: NIODeadline) {
    count(nanoseconds: Int((end - start).nanoseconds))
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
