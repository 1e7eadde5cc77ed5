import Synchronization

/// Keeps host files open between reads, at most `capacity` of them.
///
/// Files that were read since the cache last looked at them stay open; of the
/// others the oldest is closed first ("clock" replacement).
public final class DescriptorCache: Sendable {
  /// How many files may be open at a time, not counting those being read.
  public let capacity: Int

  private let clock: Mutex<Clock>

  private struct Clock {
    var slots: [OpenSlot] = []
    var hand = 0

    /// A slot that no file has; there may be one more for it than `capacity`, if all are
    /// in use.
    mutating func freeSlot(_ capacity: Int) -> OpenSlot {
      // Two rounds: the first may only find files that were used lately.
      var steps = 2 * slots.count
      while slots.count >= capacity, steps > 0 {
        steps -= 1
        if hand >= slots.count { hand = 0 }
        if !slots[hand].vacate() {
          hand += 1
        } else if slots.count == capacity {
          hand += 1
          return slots[hand - 1]
        } else {
          slots.swapAt(hand, slots.count - 1)
          slots.removeLast()
        }
      }
      let new = OpenSlot()
      slots.append(new)
      return new
    }
  }

  /// Creates a cache.
  ///
  /// - Precondition: `capacity` is positive.
  public init(capacity: Int) {
    precondition(capacity > 0, "a cache of descriptors holds at least one")
    self.capacity = capacity
    clock = Mutex(Clock())
  }

  /// Keeps a file that was just opened, and closes another if there are too many.
  ///
  /// - Returns: Where it is, and the file for the first who reads it.
  func insert(
    _ descriptor: CInt,
    _ mapping: FileMapping?
  ) -> (lease: OpenSlot.Lease, file: OpenFile) {
    clock.withLock { $0.freeSlot(capacity).occupy(descriptor, mapping) }
  }
}
