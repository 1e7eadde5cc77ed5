public import Glibc

/// What a client asks of a server.
public struct LoadPlan: Sendable {
  /// What every request is.
  public enum Request: Sendable, Equatable {
    /// `NBD_CMD_READ`
    case read
    /// `NBD_CMD_BLOCK_STATUS` of `base:allocation`
    case blockStatus
  }

  /// Which offsets are asked for, in which order.
  public enum Pattern: Sendable, Equatable {
    /// Anywhere, at multiples of the request's size.
    case random
    /// One after the other, from the start again after the end.
    case sequential
  }

  /// What every request is.
  public var request = Request.read
  /// Bytes that a request covers.
  public var requestSize = 4096
  /// How many requests of a connection are on their way at any time.
  public var depth = 1
  /// The server's process, if it is to have nothing to do any more before the next requests
  /// are sent, all together, when all of the last were answered; `nil` to keep it busy.
  public var idleProcess: pid_t?
  /// Whether the client sleeps while it waits, rather than staying awake at first.
  ///
  /// Staying awake keeps what waking a client takes out of what is measured. But whoever
  /// stays awake gives way to everybody who wants the processor: where there are more of
  /// them than processors, how long that takes is measured then, and not the server.
  public var sleeps = false
  /// How many connections there are, all served by one thread of the client.
  public var connections = 1
  /// Which offsets are asked for.
  public var pattern = Pattern.random
  /// The ranges of the disk that requests fall into; empty for all of it.
  public var ranges: [Range<Int>] = []
  /// How long the client asks without counting, in nanoseconds.
  public var warmUp = 30_000_000
  /// How long the client counts, in nanoseconds.
  public var duration = 250_000_000
  /// How many requests are made at most.
  public var limit = Int.max
  /// The file that read bytes are compared with, `nil` for none.
  public var reference: String?
  /// Where on the disk the reference's first byte is.
  public var referenceOffset = 0
  /// What random offsets start from; equal seeds ask for the same.
  public var seed: UInt64 = 1

  /// Creates the plan of 4 KiB random reads, one at a time.
  public init() {}
}

/// What a client saw.
public struct LoadResult: Sendable {
  /// Requests that were answered while the client counted.
  public var operations = 0
  /// Bytes that they covered.
  public var bytes = 0
  /// How long the client counted, in seconds.
  public var seconds = 0.0
  /// CPU seconds of the server, while the client counted.
  public var serverCPU = 0.0
  /// CPU seconds of the client, while it counted.
  public var clientCPU = 0.0
  /// How long replies took.
  public var latencies = LatencyHistogram()
  /// Bytes that were compared with the reference.
  public var bytesCompared = 0

  /// Operations a second.
  public var rate: Double { Double(operations) / seconds }
  /// CPU microseconds of the server for each operation.
  public var serverMicroseconds: Double { serverCPU / Double(max(1, operations)) * 1e6 }
}

/// Counts of durations, in steps of about a thirtieth.
public struct LatencyHistogram: Sendable {
  private var counts = [Int](repeating: 0, count: 64 * 32)
  private var total = 0

  mutating func add(_ nanoseconds: Int) {
    let value = UInt64(max(32, nanoseconds))
    let exponent = 63 - value.leadingZeroBitCount
    let mantissa = Int(value >> UInt64(exponent - 5)) & 31
    counts[exponent * 32 + mantissa] += 1
    total += 1
  }

  /// How long the slowest of the fastest `share` of the replies took, in microseconds.
  public func percentile(_ share: Double) -> Double {
    var left = Int((Double(total) * share).rounded(.up))
    for (index, count) in counts.enumerated() where count > 0 {
      left -= count
      if left <= 0 {
        let base = UInt64(1) << UInt64(index / 32)
        return Double(base + base / 32 * UInt64(index % 32)) / 1000
      }
    }
    return 0
  }
}

/// A generator of odd numbers, quick enough to be asked for every request.
struct QuickRandom {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  /// A number below `bound`, by Marsaglia's xorshift64* and a multiplication.
  mutating func next(below bound: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D).multipliedFullWidth(by: UInt64(bound)).high)
  }
}
