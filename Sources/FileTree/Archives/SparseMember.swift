import DiskModel

/// A member of an archive with holes: its runs of data are side by side there.
final class SparseMember: WaitingSource {
  private let archive: any ByteSource
  /// Where the runs are stored, from here on.
  private let start: Int
  /// The runs, in order.
  private let ranges: [Range<Int>]
  /// How many bytes are stored before each run.
  private let stored: [Int]

  init(_ archive: any ByteSource, offset: Int, ranges: [Range<Int>]) {
    self.archive = archive
    start = offset
    self.ranges = ranges
    var sum = 0
    stored = ranges.map { range in
      defer { sum += range.count }
      return sum
    }
  }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool {
    let end = offset + count
    var position = offset
    var index = firstRange(endingBehind: offset)
    while position < end {
      guard index < ranges.count, ranges[index].lowerBound < end else {
        output.append(zeros: end - position)
        break
      }
      let range = ranges[index]
      if position < range.lowerBound {
        output.append(zeros: range.lowerBound - position)
        position = range.lowerBound
      }
      let length = min(end, range.upperBound) - position
      let place = start + stored[index] + position - range.lowerBound
      if mayWait {
        try archive.read(length, at: place, into: &output)
      } else if try !archive.readWithoutWaiting(length, at: place, into: &output) {
        return false
      }
      position += length
      index += 1
    }
    return true
  }

  /// The first run that ends behind an offset.
  private func firstRange(endingBehind offset: Int) -> Int {
    var range = 0..<ranges.count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      if ranges[middle].upperBound > offset {
        range = range.lowerBound..<middle
      } else {
        range = middle + 1..<range.upperBound
      }
    }
    return range.lowerBound
  }
}
