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
    var files: [Slot] = []
    var hand = 0
  }

  /// A file that closes itself when nobody needs it any more.
  private struct Slot {
    weak var file: HostFile?
  }

  /// Creates a cache.
  ///
  /// - Precondition: `capacity` is positive.
  public init(capacity: Int) {
    precondition(capacity > 0, "a cache of descriptors holds at least one")
    self.capacity = capacity
    clock = Mutex(Clock())
  }

  /// Takes note of a file that was just opened, and closes another if there
  /// are too many.
  func insert(_ file: HostFile) {
    clock.withLock { clock in
      // Two rounds: the first may only find files that were used lately.
      var steps = 2 * clock.files.count
      while clock.files.count >= capacity, steps > 0 {
        steps -= 1
        if clock.hand >= clock.files.count { clock.hand = 0 }
        if let open = clock.files[clock.hand].file, open.closeIfIdle() != .closed {
          clock.hand += 1
        } else {
          clock.files.swapAt(clock.hand, clock.files.count - 1)
          clock.files.removeLast()
        }
      }
      clock.files.append(Slot(file: file))
    }
  }
}
