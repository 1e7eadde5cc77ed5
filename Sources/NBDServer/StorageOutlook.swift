/// Whether a client's reads are expected to be in the host's memory.
///
/// To ask the host for what it does not have in memory makes it begin to read that from
/// storage. On a virtual machine that takes 15 microseconds of processor time, more than ten
/// times as much as reading what is there; clients that share an event loop with somebody who
/// reads what is not there would wait for it. So other threads ask then.
struct StorageOutlook {
  /// So many more misses than hits make it expected that the next read is a miss.
  private static let limit = 8

  /// Misses are remembered up to here.
  private static let most = 16

  /// How many misses a hit makes up for: with more than one hit in five, asking first is worth
  /// it.
  private static let weightOfHit = 4

  private var missCount = 0

  /// Whether the next read is expected to take waiting.
  var isCold: Bool { missCount >= Self.limit }

  /// Takes note of what became of a read of host files.
  mutating func note(wasThere: Bool) {
    if wasThere {
      if missCount > 0 { missCount = max(0, missCount - Self.weightOfHit) }
    } else if missCount < Self.most {
      missCount += 1
    }
  }
}
