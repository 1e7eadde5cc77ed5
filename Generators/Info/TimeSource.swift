import DiskModel
import Synchronization

/// Twelve bytes that tell a time whenever they are read: seconds as 8 bytes and
/// microseconds as 4, big endian, as in nbdkit's `info` plugin.
///
/// The bytes belong together however they are read: all of them, in parts, in any
/// order. A byte that is read once more starts a new reading of the clock.
final class TimeSource: ByteSource {
  private static let size = 12

  private let now: @Sendable () -> Duration
  private let sample = Mutex(Sample())

  /// A reading of the clock.
  private struct Sample {
    var bytes: [UInt8] = []
    /// Which of the bytes were read already, a bit each.
    var given = -1
  }

  private init(_ now: @escaping @Sendable () -> Duration) { self.now = now }

  /// A disk that tells the time that `now` gives.
  static func disk(_ now: @escaping @Sendable () -> Duration) -> Disk {
    var disk = Disk()
    do throws(DiskError) {
      try disk.append(.source(TimeSource(now), offset: 0), count: size)
    } catch {
      preconditionFailure("twelve bytes are not too many")
    }
    return disk
  }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    let wanted = ((1 << count) - 1) << offset
    let bytes = sample.withLock { sample in
      if sample.given & wanted != 0 {
        sample.bytes = Self.encode(now())
        sample.given = 0
      }
      sample.given |= wanted
      return sample.bytes[offset..<offset + count]
    }
    for byte in bytes { output.append(byte) }
  }

  private static func encode(_ time: Duration) -> [UInt8] {
    let (seconds, attoseconds) = time.components
    let microseconds = attoseconds / 1_000_000_000_000
    let fields = [(seconds, 8), (microseconds, 4)]
    return fields.flatMap { value, size in
      (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * (size - 1 - $0))) }
    }
  }
}
