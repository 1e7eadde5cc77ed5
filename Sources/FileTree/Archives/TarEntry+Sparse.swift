/// Members with holes, in the formats of GNU tar.
extension TarEntry {
  /// How the content of a member is stored.
  enum SparseLayout {
    /// All of it.
    case dense
    /// Runs of data that are known: offsets and sizes by turns.
    case ranges([Int], size: Int)
    /// The same, and there are more of them behind the header.
    case extended([Int], size: Int)
    /// Runs of data that are listed at the start of what is stored.
    case inContent(size: Int)
  }

  func sparseLayout() throws(Fault) -> SparseLayout {
    if let major = try size("GNU.sparse.major") {
      let minor = try size("GNU.sparse.minor")
      guard (major, minor) == (1, 0), let size = try size("GNU.sparse.realsize") else {
        throw .member("is sparse in a format that is not known; GNU tar's are 0.0, 0.1 and 1.0")
      }
      return .inContent(size: size)
    }
    if let size = try size("GNU.sparse.size") {
      guard let map = records["GNU.sparse.map"] else {
        return .ranges(records.sparseMap, size: size)
      }
      do throws(SparseMap.Fault) {
        return .ranges(try SparseMap.numbers(in: map), size: size)
      } catch {
        throw .member(error.problem)
      }
    }
    guard header.type == UInt8(ascii: "S") else { return .dense }
    guard let size = header.number(TarHeader.Field.sparseSize), size >= 0 else {
      throw .member("its size is not a number that can be")
    }
    var numbers: [Int] = []
    try Self.appendMap(in: header.block[TarHeader.Field.sparseMap], to: &numbers)
    return header.block[TarHeader.Field.sparseIsExtended] == 0
      ? .ranges(numbers, size: size) : .extended(numbers, size: size)
  }

  private func size(_ keyword: String) throws(Fault) -> Int? {
    guard let digits = records[keyword] else { return nil }
    guard let number = TarNumber.parseDecimal(digits) else {
      throw .member("its \(keyword) is not a number")
    }
    return number
  }

  /// Appends the offsets and sizes of GNU's old format, 12 bytes each; the first
  /// empty one ends the list.
  static func appendMap(in fields: ArraySlice<UInt8>, to numbers: inout [Int]) throws(Fault) {
    for start in stride(from: fields.startIndex, to: fields.endIndex, by: 24) {
      guard fields[start] != 0 else { return }
      guard let offset = TarNumber.parse(fields[start..<start + 12]),
        let count = TarNumber.parse(fields[start + 12..<start + 24])
      else { throw .member("its sparse map is not a list of numbers") }
      numbers += [offset, count]
    }
  }

  func ranges(_ numbers: [Int], size: Int, storedSize: Int) throws(Fault) -> [Range<Int>] {
    do throws(SparseMap.Fault) {
      return try SparseMap.ranges(numbers, size: size, storedSize: storedSize)
    } catch {
      throw .member(error.problem)
    }
  }
}
