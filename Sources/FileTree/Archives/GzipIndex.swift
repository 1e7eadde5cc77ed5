/// Places in a gzip file where decompressing can be taken up.
struct GzipIndex: Sendable {
  /// The places, in order; the first is the start.
  private(set) var checkpoints = [Checkpoint(output: 0, input: 0, bitCount: 0, window: [])]

  /// Bytes of the decompressed file, once it is known.
  var size = 0

  /// How many decompressed bytes there are between places, at least.
  private(set) var spacing: Int

  /// Bytes of all windows.
  private var windowsSize = 0

  /// How large the windows may become; then every second place is dropped.
  private let limit: Int

  /// A place between two blocks.
  struct Checkpoint: Sendable {
    /// Offset in the decompressed file.
    var output: Int
    /// Offset in the compressed file.
    var input: Int
    /// How many bits of the byte before that are still to be used.
    var bitCount: Int
    /// The last 32 KiB that came out, deflated; empty at the start of a member.
    var window: [UInt8]

    var isStartOfMember: Bool { window.isEmpty }
  }

  /// How much memory a place takes beside its window.
  private static let placeSize = 64

  /// An index that takes at most `limit` bytes of memory, or little more.
  init(spacing: Int = 1 << 20, limit: Int = 16 << 20) {
    self.spacing = spacing
    self.limit = limit
  }

  /// Whether a place at this offset of the decompressed file is wanted.
  func wants(_ output: Int) -> Bool {
    output - checkpoints[checkpoints.count - 1].output >= spacing
  }

  mutating func append(_ checkpoint: Checkpoint) {
    checkpoints.append(checkpoint)
    windowsSize += checkpoint.window.count + Self.placeSize
    while windowsSize > limit && checkpoints.count > 2 { thin() }
  }

  /// Doubles the distance between places.
  private mutating func thin() {
    spacing *= 2
    var kept = [checkpoints[0]]
    for checkpoint in checkpoints.dropFirst()
    where checkpoint.output - kept[kept.count - 1].output >= spacing {
      kept.append(checkpoint)
    }
    checkpoints = kept
    windowsSize = kept.reduce(0) { $0 + $1.window.count + Self.placeSize }
  }

  /// The last place at or before an offset of the decompressed file.
  func checkpoint(before output: Int) -> Checkpoint {
    var range = 0..<checkpoints.count
    while range.count > 1 {
      let middle = (range.lowerBound + range.upperBound) / 2
      if checkpoints[middle].output <= output {
        range = middle..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return checkpoints[range.lowerBound]
  }
}
