import DiskModel

extension ConformanceChecker {
  /// Extents cover `range` exactly once, in order, neighbours of different kinds.
  func checkCover(_ extents: [Extent], of range: Range<Int>) throws(ConformanceViolation) {
    var end = range.lowerBound
    var kind: Extent.Kind?
    for extent in extents {
      guard extent.range.lowerBound == end, !extent.range.isEmpty else {
        throw violation("an extent is \(extent.range) where one starts at \(end)", range)
      }
      guard extent.kind != kind else {
        throw violation("two \(extent.kind) extents meet at \(end)", range)
      }
      end = extent.range.upperBound
      kind = extent.kind
    }
    guard end == range.upperBound else { throw violation("extents end at \(end)", range) }
  }

  /// The extents of `part`, cut out of those of a larger range.
  static func clamp(_ extents: [Extent], to part: Range<Int>) -> [Extent] {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].range.upperBound <= part.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    var clamped: [Extent] = []
    for extent in extents[low...] {
      let range = extent.range.clamped(to: part)
      guard !range.isEmpty else { break }
      clamped.append(Extent(range, extent.kind))
    }
    return clamped
  }

  /// The extents of a part are those of the whole, also if the visit ends early.
  mutating func checkExtents(
    of part: Range<Int>,
    expected: [Extent]
  ) throws(ConformanceViolation) {
    let extents = disk.extents(in: part)
    guard extents == expected else {
      throw violation("its extents are \(extents) instead of \(expected)", part)
    }
    for limit in [1, 2, Int.random(in: 3...100, using: &random)] {
      var visited: [Extent] = []
      disk.forEachExtent(in: part, limit: limit) { extent in
        visited.append(extent)
        return true
      }
      try checkPrefix(visited, of: expected, part, what: "a visit of at most \(limit) pieces")
      guard visited.count <= limit else {
        throw violation("a visit of at most \(limit) pieces gave \(visited.count) extents", part)
      }
    }
    let wanted = Int.random(in: 1...max(1, expected.count), using: &random)
    var visited: [Extent] = []
    disk.forEachExtent(in: part) { extent in
      visited.append(extent)
      return visited.count < wanted
    }
    guard visited == Array(expected.prefix(wanted)) else {
      throw violation("a visit ended after \(wanted) extents gave \(visited)", part)
    }
  }

  /// A visit that ends early has made progress, and only its last extent is cut.
  private func checkPrefix(
    _ visited: [Extent],
    of expected: [Extent],
    _ part: Range<Int>,
    what: String
  ) throws(ConformanceViolation) {
    guard visited.isEmpty == expected.isEmpty else {
      throw violation("\(what) gave \(visited.count) extents", part)
    }
    guard visited.count <= expected.count, let last = visited.last else {
      if visited.isEmpty { return }
      throw violation("\(what) gave more than there are", part)
    }
    let whole = expected[visited.count - 1]
    let isCut =
      last.kind == whole.kind && last.range.lowerBound == whole.range.lowerBound
      && last.range.upperBound <= whole.range.upperBound
    guard isCut, visited.dropLast() == expected[..<(visited.count - 1)] else {
      throw violation("\(what) gave \(visited), which is no prefix of \(expected)", part)
    }
  }

  /// A visit of a disk of any size ends when its limit says so, and what it
  /// saw is what a visit of that part sees.
  mutating func checkEndlessVisit() throws(ConformanceViolation) {
    let start = Int.random(in: 0..<disk.size, using: &random)
    for range in [0..<disk.size, start..<disk.size] {
      var visited: [Extent] = []
      disk.forEachExtent(in: range, limit: 1000) { extent in
        visited.append(extent)
        return true
      }
      guard let last = visited.last else { throw violation("no extent was visited", range) }
      try checkCover(visited, of: range.lowerBound..<last.range.upperBound)
    }
  }

  /// A slice has the bytes and the extents of its range.
  func checkSlice(
    _ part: Range<Int>,
    reference: [UInt8],
    start: Int,
    extents: [Extent]
  ) throws(ConformanceViolation) {
    let slice = disk.slice(part)
    guard slice.size == part.count else {
      throw violation("its slice has \(slice.size) bytes", part)
    }
    let bytes = try read(0..<slice.size, of: slice, fill: 0x2E)
    try compare(bytes, with: reference, start: start, part, what: "its slice")
    let moved = slice.extents(in: 0..<slice.size).map { extent in
      let range = extent.range
      return Extent(
        range.lowerBound + part.lowerBound..<range.upperBound + part.lowerBound,
        extent.kind
      )
    }
    guard moved == extents else {
      throw violation("the extents of its slice are \(moved) instead of \(extents)", part)
    }
  }
}
