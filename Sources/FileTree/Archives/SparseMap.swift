/// Where a sparse member of an archive has data.
enum SparseMap {
  /// What is wrong with a map.
  struct Fault: Error {
    var problem: String
  }

  /// The runs of data that a list of offsets and sizes by turns says.
  ///
  /// - Parameters:
  ///   - numbers: Offsets and sizes.
  ///   - size: Bytes of the file.
  ///   - storedSize: Bytes of it that the archive has.
  /// - Returns: Runs in order, none of them empty.
  /// - Throws: ``Fault`` if they cannot be those of a file.
  static func ranges(
    _ numbers: [Int],
    size: Int,
    storedSize: Int
  ) throws(Fault) -> [Range<Int>] {
    guard numbers.count.isMultiple(of: 2) else {
      throw Fault(problem: "the sparse map ends with an offset")
    }
    var ranges: [Range<Int>] = []
    var end = 0
    var stored = 0
    for index in stride(from: 0, to: numbers.count, by: 2) {
      let (start, count) = (numbers[index], numbers[index + 1])
      guard start >= end, count >= 0, start <= size, count <= size - start else {
        throw Fault(problem: "the sparse map is not in order, or reaches beyond the file")
      }
      end = start + count
      stored += count
      if count == 0 { continue }
      if let last = ranges.last, last.upperBound == start {
        ranges[ranges.count - 1] = last.lowerBound..<end
      } else {
        ranges.append(start..<end)
      }
    }
    guard stored <= storedSize else {
      throw Fault(problem: "the sparse map has \(stored) bytes, the archive \(storedSize)")
    }
    return ranges
  }

  /// The numbers in `0,512,4096,512`, the map of GNU's format 0.1.
  static func numbers(in text: [UInt8]) throws(Fault) -> [Int] {
    var numbers: [Int] = []
    for digits in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let number = TarNumber.parseDecimal(digits) else {
        throw Fault(problem: "the sparse map is not a list of numbers")
      }
      numbers.append(number)
    }
    return numbers
  }
}
