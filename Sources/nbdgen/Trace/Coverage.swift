/// Which bytes were touched, as disjoint ranges.
struct Coverage {
  private var ranges: [Range<Int>] = []
  /// Those that were added since they were put in order, behind the others.
  private var orderedCount = 0

  /// Adds bytes.
  ///
  /// What was added is put in order whenever it has doubled, so it takes n·log n steps.
  mutating func add(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    // Most reads go on where the last one ended.
    if let last = ranges.last, last.upperBound == range.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      orderedCount = min(orderedCount, ranges.count - 1)
      return
    }
    ranges.append(range)
    if ranges.count > 64 && ranges.count > 2 * orderedCount { order() }
  }

  private mutating func order() {
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [Range<Int>] = []
    for range in ranges {
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
    orderedCount = merged.count
  }

  /// Ranges that are kept.
  var rangeCount: Int { ranges.count }

  /// Number of bytes.
  mutating func size() -> Int {
    order()
    return ranges.reduce(0) { $0.addingSaturated($1.count) }
  }
}

extension Int {
  /// The sum, or the largest number.
  func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
