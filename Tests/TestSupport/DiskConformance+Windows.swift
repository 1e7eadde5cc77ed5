import DiskModel

extension ConformanceChecker {
  /// Size of a window of a disk that is too large to be read as a whole.
  private static var windowLimit: Int { 256 << 10 }

  /// Size of a part of a window.
  private static var partLimit: Int { 4 << 20 }

  /// Windows of a large disk: start, end, around boundaries, random ones.
  mutating func chooseWindows(_ count: Int) -> [Range<Int>] {
    let size = disk.size
    var windows = [0..<min(size, Self.windowLimit), max(0, size - Self.windowLimit)..<size]
    for boundary in chooseBoundaries(in: 0..<size, count: count) {
      windows.append(around(boundary, in: 0..<size, limit: Self.windowLimit))
    }
    for _ in 0..<count {
      windows.append(
        around(Int.random(in: 0..<size, using: &random), in: 0..<size, limit: Self.windowLimit)
      )
    }
    return windows
  }

  /// Parts of a window: empty ones, single bytes at its ends, around
  /// boundaries, random ones.
  mutating func chooseParts(of window: Range<Int>, count: Int) -> [Range<Int>] {
    var parts = [
      window.lowerBound..<window.lowerBound, window.upperBound..<window.upperBound,
    ]
    guard !window.isEmpty else { return parts }
    parts.append(window.lowerBound..<window.lowerBound + 1)
    parts.append(window.upperBound - 1..<window.upperBound)
    for boundary in chooseBoundaries(in: window, count: count) {
      parts.append(boundary..<boundary + 1)
      parts.append(max(boundary - 1, window.lowerBound)..<boundary)
      parts.append(around(boundary, in: window, limit: Self.partLimit))
    }
    for _ in 0..<count {
      parts.append(
        around(Int.random(in: window, using: &random), in: window, limit: Self.partLimit)
      )
    }
    return parts
  }

  /// A range of random length, at most `limit`, that includes or touches
  /// `offset` or lies right before it.
  private mutating func around(_ offset: Int, in bounds: Range<Int>, limit: Int) -> Range<Int> {
    let before = min(random.anyMagnitude(below: limit), offset - bounds.lowerBound)
    let behind = min(random.anyMagnitude(below: limit), bounds.upperBound - offset)
    let lower = offset - before
    return lower..<lower + min(before + behind, limit)
  }

  /// Up to `count` starts of segments inside `range`, chosen at random if there
  /// are more.
  private mutating func chooseBoundaries(in range: Range<Int>, count: Int) -> [Int] {
    guard !range.isEmpty else { return [] }
    let first = segmentIndex(at: range.lowerBound) + 1
    let end = segmentIndex(at: range.upperBound - 1) + 1
    guard first < end else { return [] }
    var indices = Array(first..<min(end, first + count))
    if end - first > count {
      indices = (0..<count).map { _ in Int.random(in: first..<end, using: &random) }
    }
    return indices.map { disk.segment(at: $0).range.lowerBound }
  }

  /// The segment that covers `offset`.
  private func segmentIndex(at offset: Int) -> Int {
    var low = 0
    var high = disk.segmentCount
    while high - low > 1 {
      let middle = (low + high) / 2
      if disk.segment(at: middle).range.lowerBound <= offset { low = middle } else { high = middle }
    }
    return low
  }
}
