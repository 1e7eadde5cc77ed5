/// Decompresses a gzip file once, front to back, and notes where that can be taken
/// up later.
///
/// Checksums are verified on the way.
final class GzipIndexer: ArchiveInput {
  private let compressed: ArchiveBytes
  private let inflater = Inflater(.gzip)
  private var index: GzipIndex

  /// Compressed bytes, where they start, and how many of them are used.
  private var input: [UInt8] = []
  private var inputStart = 0
  private var inputUsed = 0

  /// What came out and was not asked for yet, and where it starts.
  private var window: [UInt8] = []
  private var windowStart = 0

  private var chunk = [UInt8](repeating: 0, count: 1 << 17)

  /// How much came out.
  private var output = 0

  /// How much of this member came out; nothing came before its start.
  private var memberStart = 0

  /// Whether the end was reached.
  private var isAtEnd = false

  private static let inputSize = 1 << 17

  init(_ compressed: ArchiveBytes, index: GzipIndex = GzipIndex()) {
    self.compressed = compressed
    self.index = index
  }

  var name: String { compressed.name }

  func bytes(_ count: Int, at offset: Int) throws(ArchiveFailure) -> [UInt8] {
    precondition(offset >= windowStart, "archives are opened front to back")
    drop(before: offset)
    while windowStart + window.count < offset + count && !isAtEnd {
      try produce()
      drop(before: offset)
    }
    let start = offset - windowStart
    guard start < window.count else { return [] }
    return Array(window[start..<min(start + count, window.count)])
  }

  private func drop(before offset: Int) {
    let count = min(offset - windowStart, window.count)
    guard count > 0 else { return }
    if count == window.count {
      window.removeAll(keepingCapacity: true)
    } else {
      window.removeFirst(count)
    }
    windowStart += count
  }

  /// Goes to the end, and gives what was noted.
  func finish() throws(ArchiveFailure) -> GzipIndex {
    while !isAtEnd {
      try produce()
      drop(before: output)
    }
    index.size = output
    return index
  }

  /// Where the next compressed byte is.
  private var inputPosition: Int { inputStart + inputUsed }

  /// Reads on if all that was read is used.
  private func refill() throws(ArchiveFailure) -> Bool {
    guard inputUsed == input.count else { return true }
    inputStart += inputUsed
    inputUsed = 0
    input = try compressed.bytes(Self.inputSize, at: inputStart)
    return !input.isEmpty
  }

  private func damaged(_ problem: String) -> ArchiveFailure {
    ArchiveFailure(name, at: inputPosition, problem)
  }

  /// Decompresses a little more.
  private func produce() throws(ArchiveFailure) {
    guard try refill() else {
      throw damaged("the compressed file ends too early: it is cut short")
    }
    let step = inflater.step(
      input,
      from: inputUsed,
      into: &chunk,
      at: 0..<chunk.count,
      stopsBetweenBlocks: true
    )
    inputUsed += step.consumed
    window.append(contentsOf: chunk[..<step.produced])
    output += step.produced
    switch step.state {
    case .running:
      guard step.consumed + step.produced > 0 else {
        throw damaged("the compressed file is damaged: zlib does not go on")
      }
    case .betweenBlocks:
      if output > memberStart && index.wants(output) {
        let window = DeflatedBytes.deflate(inflater.window())
        note(bitCount: step.unusedBitCount, window: window)
      }
    case .damaged(let cause):
      throw damaged("the compressed file is damaged: \(cause)")
    case .ended:
      try endMember()
    }
  }

  private func note(bitCount: Int, window: [UInt8]) {
    index.append(
      .init(output: output, input: inputPosition, bitCount: bitCount, window: window)
    )
  }

  /// Looks for a further member; zeros may fill up the end.
  private func endMember() throws(ArchiveFailure) {
    while try refill() {
      guard input[inputUsed] == 0 else {
        inflater.restart(.gzip)
        memberStart = output
        if index.wants(output) { note(bitCount: 0, window: []) }
        return
      }
      let zeros = input[inputUsed...].prefix { $0 == 0 }
      inputUsed += zeros.count
    }
    isAtEnd = true
  }
}
