import DiskModel

/// A place in a gzip file from which it is decompressed on.
struct GzipCursor: ~Copyable {
  private let compressed: ArchiveBytes
  private let inflater: Inflater

  /// Compressed bytes, where they start, and how many of them are used.
  private var input: [UInt8] = []
  private var inputStart: Int
  private var inputUsed = 0

  /// Whether the member was taken up in its midst: its end is then ours to find.
  private var isTakenUp: Bool

  /// Offset in the decompressed file.
  private(set) var output: Int

  private static let inputSize = 1 << 15

  /// A cursor at a checkpoint of the file's index.
  init(_ compressed: ArchiveBytes, at checkpoint: GzipIndex.Checkpoint) throws(ReadFailure) {
    self.compressed = compressed
    inputStart = checkpoint.input
    output = checkpoint.output
    isTakenUp = !checkpoint.isStartOfMember
    inflater = Inflater(isTakenUp ? .raw : .gzip)
    guard isTakenUp else { return }
    var last: UInt8 = 0
    if checkpoint.bitCount > 0 {
      let offset = compressed.offset + checkpoint.input - 1
      last = try compressed.source.bytes(1, at: offset)[0]
    }
    let window = DeflatedBytes.inflate(checkpoint.window, limit: Inflater.windowSize)
    guard inflater.takeUp(after: last, bitCount: checkpoint.bitCount, window: window) else {
      throw Self.failure(compressed, at: inputStart)
    }
  }

  private static func failure(_ compressed: ArchiveBytes, at offset: Int) -> ReadFailure {
    ReadFailure(
      subject: compressed.name,
      offset: offset,
      cause: "the compressed file is not what it was"
    )
  }

  /// The next `count` bytes.
  mutating func read(_ count: Int) throws(ReadFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try fill(&bytes)
    return bytes
  }

  /// Passes over bytes up to an offset.
  mutating func skip(to offset: Int) throws(ReadFailure) {
    guard output < offset else { return }
    var scratch = [UInt8](repeating: 0, count: min(offset - output, 1 << 16))
    while output < offset {
      if offset - output < scratch.count { scratch.removeLast(scratch.count - (offset - output)) }
      try fill(&scratch)
    }
  }

  private mutating func fill(_ bytes: inout [UInt8]) throws(ReadFailure) {
    var done = 0
    while done < bytes.count {
      try refill()
      let step = inflater.step(input, from: inputUsed, into: &bytes, at: done..<bytes.count)
      inputUsed += step.consumed
      done += step.produced
      output += step.produced
      switch step.state {
      case .running, .betweenBlocks:
        guard step.consumed + step.produced > 0 else {
          throw Self.failure(compressed, at: inputStart + inputUsed)
        }
      case .ended:
        try goToNextMember()
      case .damaged:
        throw Self.failure(compressed, at: inputStart + inputUsed)
      }
    }
  }

  /// Reads on if all that was read is used.
  private mutating func refill() throws(ReadFailure) {
    guard inputUsed == input.count else { return }
    inputStart += inputUsed
    inputUsed = 0
    let count = min(Self.inputSize, compressed.size - inputStart)
    guard count > 0 else { throw Self.failure(compressed, at: inputStart) }
    input = try compressed.source.bytes(count, at: compressed.offset + inputStart)
  }

  private mutating func goToNextMember() throws(ReadFailure) {
    if isTakenUp {
      // Checksum and size, which were verified when the file was opened.
      for _ in 0..<8 {
        try refill()
        inputUsed += 1
      }
    }
    isTakenUp = false
    // There may be no further one; then nobody reads on.
    inflater.restart(.gzip)
  }
}
