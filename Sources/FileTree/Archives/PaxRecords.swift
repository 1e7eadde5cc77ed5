/// The records of a pax extended header, `length keyword=value` each (POSIX,
/// "pax Header Block").
struct PaxRecords {
  /// The value of each keyword, the last one if there are several; an empty value
  /// takes back what was said before.
  private(set) var values: [[UInt8]: [UInt8]] = [:]

  /// The sparse map of GNU's format 0.0, which repeats its keywords: offsets and
  /// sizes by turns.
  private(set) var sparseMap: [Int] = []

  /// What is wrong with an extended header.
  struct Fault: Error {
    var problem: String
  }

  /// Records of a header's content.
  init(_ bytes: [UInt8]) throws(Fault) {
    var rest = bytes[...]
    while let first = rest.first, first != 0 {
      guard let space = rest.prefix(20).firstIndex(of: 32),
        let length = TarNumber.parseDecimal(rest[..<space]),
        length <= rest.count, length > space - rest.startIndex + 1
      else { throw Fault(problem: "a record of the extended header has no valid length") }
      let record = rest[space + 1..<rest.startIndex + length]
      rest = rest[(rest.startIndex + length)...]
      guard record.last == 10, let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
        throw Fault(problem: "a record of the extended header is not keyword=value")
      }
      let keyword = Array(record[..<equals])
      let value = record[(equals + 1)..<(record.endIndex - 1)]
      let isOffset = keyword.elementsEqual("GNU.sparse.offset".utf8)
      if isOffset || keyword.elementsEqual("GNU.sparse.numbytes".utf8) {
        guard let number = TarNumber.parseDecimal(value),
          isOffset == sparseMap.count.isMultiple(of: 2)
        else { throw Fault(problem: "the extended header's sparse map is not in order") }
        sparseMap.append(number)
      } else {
        values[keyword] = Array(value)
      }
    }
  }

  /// No records.
  init() {}

  /// These records over those of `globals`.
  func over(_ globals: PaxRecords) -> PaxRecords {
    var merged = self
    merged.values.merge(globals.values) { own, _ in own }
    return merged
  }

  /// How many bytes keywords and values have.
  var size: Int { values.reduce(0) { $0 + $1.key.count + $1.value.count } }

  /// The value of a keyword, unless it is empty.
  subscript(keyword: String) -> [UInt8]? {
    guard let value = values[Array(keyword.utf8)], !value.isEmpty else { return nil }
    return value
  }
}
