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

  /// The first block that was not handed out; everything free below is used.
  var highWater: Int { position }

  /// How many blocks were handed out that the filesystem does not have.
  var shortage: Int { max(0, position - end) }

  /// Takes the next run of at most `count` blocks.
  mutating func take(atMost count: Int) -> Range<Int> {
    precondition(count > 0, "a run is not empty")
    while runIndex < freeRuns.count && position >= freeRuns[runIndex].upperBound {
      runIndex += 1
      position = runIndex < freeRuns.count ? freeRuns[runIndex].lowerBound : end
    }
    let limit = runIndex < freeRuns.count ? freeRuns[runIndex].upperBound : Int.max
    let run = position..<position + min(count, limit - position)
    position = run.upperBound
    return run
  }
}
