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
    var files: [HostFile] = []
    var hand = 0
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
      guard clock.files.count >= capacity else {
        clock.files.append(file)
        return
      }
      // Two rounds: the first may only find files that were used lately.
      for _ in 0..<2 * clock.files.count {
        let slot = clock.hand
        clock.hand = (clock.hand + 1) % clock.files.count
        if clock.files[slot] === file { continue }
        if clock.files[slot].closeIfIdle() == .closed {
          clock.files[slot] = file
          return
        }
      }
      clock.files.append(file)
    }
  }
}
