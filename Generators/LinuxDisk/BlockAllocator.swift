/// Hands out free blocks in ascending order.
///
/// When the filesystem is full it goes on behind its end, so that one pass
/// tells exactly how many blocks are missing.
struct BlockAllocator {
  private let freeRuns: [Range<Int>]
  private let end: Int
  private var runIndex = 0
  private var position: Int

  init(_ geometry: Geometry) {
    freeRuns = geometry.freeRuns
    end = geometry.blockCount
    position = freeRuns.first?.lowerBound ?? end
  }

  /// The first block behind all that were handed out; what is below is used, but for
  /// ``gaps``.
  var highWater: Int { position }

  /// Ranges below the high-water mark of which no free block was handed out, ascending.
  private(set) var gaps: [Range<Int>] = []

  /// Goes on at the next multiple of `alignment`.
  mutating func align(to alignment: Int) {
    let aligned = (position + alignment - 1) / alignment * alignment
    guard aligned > position else { return }
    gaps.append(position..<aligned)
    position = aligned
  }

  /// How many blocks were handed out that the filesystem does not have.
  var shortage: Int { max(0, position - end) }

  /// Takes the next run of at most `count` blocks.
  mutating func take(atMost count: Int) -> Range<Int> {
    precondition(count > 0, "a run is not empty")
    while runIndex < freeRuns.count && position >= freeRuns[runIndex].upperBound {
      runIndex += 1
      position = max(position, runIndex < freeRuns.count ? freeRuns[runIndex].lowerBound : end)
    }
    let limit = runIndex < freeRuns.count ? freeRuns[runIndex].upperBound : Int.max
    let run = position..<position + min(count, limit - position)
    position = run.upperBound
    return run
  }
}
