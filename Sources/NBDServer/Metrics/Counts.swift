/// A number for each case of an enumeration whose raw values count from 0.
public struct Counts<Key: CaseIterable & RawRepresentable<Int> & Sendable>: Sendable {
  /// Room for every enumeration that there is.
  private var values = [16 of Int](repeating: 0)

  /// Creates counts of zero.
  init() { precondition(Key.allCases.count <= values.count, "there is room for every case") }

  /// The number of a case.
  public subscript(key: Key) -> Int { values[key.rawValue] }

  /// The sum of all.
  public var total: Int {
    var sum = 0
    for index in values.indices { sum &+= values[index] }
    return sum
  }

  mutating func add(_ count: Int, to key: Key) { values[key.rawValue] &+= count }

  mutating func add(_ other: Counts) {
    for index in values.indices { values[index] &+= other.values[index] }
  }
}
