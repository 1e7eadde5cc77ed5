/// A name in the form 8.3, padded with spaces: 11 bytes of a directory's entry.
///
/// Rules: fatgen103, "Short Directory Entries" and "Generation of Short Names".
struct ShortName: Hashable, Sendable {
  /// The 8 bytes before the dot, the first one most significant.
  private var stem: UInt64
  /// The 3 bytes behind it.
  private var ending: UInt32

  init(stem: some Sequence<UInt8>, ending: some Sequence<UInt8>) {
    self.stem = Self.padded(stem, count: 8)
    self.ending = UInt32(Self.padded(ending, count: 3))
  }

  private static func padded(_ bytes: some Sequence<UInt8>, count: Int) -> UInt64 {
    var packed: UInt64 = 0
    var left = count
    for byte in bytes.prefix(count) {
      packed = packed << 8 | UInt64(byte)
      left -= 1
    }
    for _ in 0..<left { packed = packed << 8 | UInt64(UInt8(ascii: " ")) }
    return packed
  }

  /// The 11 bytes (`DIR_Name`).
  var bytes: [UInt8] {
    (0..<11).map { self[$0] }
  }

  private subscript(index: Int) -> UInt8 {
    UInt8(
      truncatingIfNeeded: index < 8
        ? stem >> (8 * (7 - index)) : UInt64(ending) >> (8 * (10 - index))
    )
  }

  /// What the entries of a long name have, to show whose they are
  /// (`LDIR_Chksum`).
  var checksum: UInt8 { (0..<11).reduce(0) { ($0 << 7 | $0 >> 1) &+ self[$1] } }
}

/// What a long name would be as a short one.
struct ShortNameBasis: Equatable {
  /// Up to 8 bytes and up to 3, in upper case.
  var stem: [UInt8]
  var ending: [UInt8]

  /// Whether the short name says all but upper and lower case.
  var isExact: Bool

  /// Whether all letters of a part are of one case; then flags say which, and no
  /// long name is needed.
  var caseFlags: UInt8?

  /// `DIR_NTRes`: the stem is in lower case; the ending is in lower case.
  private static let lowerStem: UInt8 = 0x08
  private static let lowerEnding: UInt8 = 0x10

  init(_ units: [UInt16]) {
    let dot = UInt16(UInt8(ascii: "."))
    let leadingDots = units.prefix { $0 == dot }.count
    let split = units.lastIndex(of: dot).flatMap { $0 >= leadingDots ? $0 : nil }
    let (stemUnits, endingUnits) = (
      units[leadingDots..<(split ?? units.endIndex)], split.map { units[($0 + 1)...] } ?? []
    )
    let (allStem, isStemExact) = Self.bytes(stemUnits)
    let (allEnding, isEndingExact) = Self.bytes(endingUnits)
    isExact =
      leadingDots == 0 && isStemExact && isEndingExact && (1...8).contains(allStem.count)
      && allEnding.count <= 3
    stem = Array(allStem.prefix(8))
    ending = Array(allEnding.prefix(3))
    if stem.isEmpty { stem = [UInt8(ascii: "_")] }
    guard isExact, let isStemLower = Self.isLower(stemUnits),
      let isEndingLower = Self.isLower(endingUnits)
    else { return }
    caseFlags = (isStemLower ? Self.lowerStem : 0) | (isEndingLower ? Self.lowerEnding : 0)
  }

  /// The bytes that stand for units, and whether they stand for nothing else.
  private static func bytes(_ units: ArraySlice<UInt16>) -> (bytes: [UInt8], isExact: Bool) {
    var bytes: [UInt8] = []
    var isExact = true
    for unit in units {
      switch unit {
      case 0x61...0x7A:
        bytes.append(UInt8(unit - 0x20))
      case 0x20, 0x2E:
        isExact = false
      case _ where unit < 0x80 && isAllowed(UInt8(unit)):
        bytes.append(UInt8(unit))
      case _ where UTF16.isTrailSurrogate(unit):
        isExact = false
      default:
        bytes.append(UInt8(ascii: "_"))
        isExact = false
      }
    }
    return (bytes, isExact)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'()-@^_`{}~".utf8.contains(byte)
    }
  }

  /// Whether letters are in lower case; `nil` if only some are.
  private static func isLower(_ units: ArraySlice<UInt16>) -> Bool? {
    let hasLower = units.contains { (0x61...0x7A).contains($0) }
    let hasUpper = units.contains { (0x41...0x5A).contains($0) }
    return hasLower && hasUpper ? nil : hasLower
  }
}

/// Gives the names of one directory short names, each a different one.
struct ShortNameTable {
  private var taken: Set<ShortName> = []

  /// The next number of names that start alike and whose number has so many
  /// digits.
  ///
  /// Each name looks only at numbers that none of those before it had, so
  /// any count of names takes time in proportion to it.
  private var nextNumbers: [Series: Int] = [:]

  private struct Series: Hashable {
    /// What the names have but for the number.
    var name: ShortName
    var digitCount: Int
  }

  /// Takes the name itself, if that says it all and is free.
  mutating func takeExact(_ basis: ShortNameBasis) -> ShortName? {
    guard basis.isExact else { return nil }
    let name = ShortName(stem: basis.stem, ending: basis.ending)
    return taken.insert(name).inserted ? name : nil
  }

  /// Takes the name with `~` and a number: the smallest that is free.
  mutating func takeNumbered(_ basis: ShortNameBasis) -> ShortName {
    for digitCount in 1...6 {
      let start = basis.stem.prefix(7 - digitCount)
      let series = Series(
        name: ShortName(stem: start, ending: basis.ending),
        digitCount: digitCount
      )
      let first = (0..<digitCount - 1).reduce(1) { number, _ in number * 10 }
      var number = nextNumbers[series] ?? first
      defer { nextNumbers[series] = number }
      while number < first * 10 {
        let name = ShortName(stem: start + Array("~\(number)".utf8), ending: basis.ending)
        number += 1
        if taken.insert(name).inserted { return name }
      }
    }
    preconditionFailure("a directory has fewer entries than there are numbers")
  }
}
