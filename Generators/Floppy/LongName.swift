/// Names as FAT's long names have them: UTF-16, with rules.
///
/// Rules: fatgen103, "Long Directory Entries" and "Name Limits and Character Sets".
enum LongName {
  /// Why a name cannot stand in a directory.
  enum Problem: Equatable {
    case notUnicode
    case forbidden(Unicode.Scalar)
    case endsBadly
    case device
  }

  /// Most UTF-16 units of a name.
  static let limit = 255

  /// The units of a name of the host, or what is wrong with it.
  static func units(of name: ArraySlice<UInt8>) -> Result<[UInt16], ProblemError> {
    if let units = plainUnits(of: name) {
      return isDevice(units) ? .failure(ProblemError(problem: .device)) : .success(units)
    }
    guard let text = String(validating: name, as: UTF8.self) else {
      return .failure(ProblemError(problem: .notUnicode))
    }
    for scalar in text.unicodeScalars where isForbidden(scalar) {
      return .failure(ProblemError(problem: .forbidden(scalar)))
    }
    if text.hasSuffix(".") || text.hasSuffix(" ") {
      return .failure(ProblemError(problem: .endsBadly))
    }
    let units = Array(text.utf16)
    if isDevice(units) { return .failure(ProblemError(problem: .device)) }
    return .success(units)
  }

  /// The units of a name that is in ASCII and breaks no rule for characters, as most
  /// names are: the way of all others takes longer.
  private static func plainUnits(of name: ArraySlice<UInt8>) -> [UInt16]? {
    guard let last = name.last, last != UInt8(dot), last != UInt8(space) else { return nil }
    let isPlain = name.allSatisfy { $0 < 0x80 && !isForbidden(Unicode.Scalar($0)) }
    return isPlain ? name.map { UInt16($0) } : nil
  }

  /// A problem, where an error is wanted.
  struct ProblemError: Error, Equatable {
    var problem: Problem
  }

  /// A name that may stand in a directory, as near to the host's as possible.
  static func corrected(_ name: ArraySlice<UInt8>) -> [UInt16] {
    let text = String(decoding: name, as: UTF8.self)
    var units: [UInt16] = []
    for scalar in text.unicodeScalars {
      units +=
        isForbidden(scalar) || scalar == "\u{FFFD}"
        ? [underscore] : Array(UTF16.encode(scalar) ?? .init())
    }
    if let last = units.last, last == dot || last == space { units[units.count - 1] = underscore }
    if isDevice(units) {
      let stem = units.firstIndex(of: dot) ?? units.endIndex
      units.insert(underscore, at: stem)
    }
    return units
  }

  /// The name with a number, before what follows its last dot: `name (2).txt`.
  static func numbered(_ units: [UInt16], _ number: Int) -> [UInt16] {
    let tail = Array(" (\(number))".utf16)
    var stem = units.lastIndex(of: dot) ?? units.endIndex
    // A name that starts with its only dot has no ending.
    if stem == 0 { stem = units.endIndex }
    let ending = units[stem...]
    var start = units[..<stem].prefix(max(1, limit - tail.count - ending.count))
    if let last = start.last, UTF16.isLeadSurrogate(last) { start = start.dropLast() }
    return Array((start + tail + ending).prefix(limit))
  }

  /// What two names have in common that differ only in case.
  static func folded(_ units: [UInt16]) -> [UInt16] {
    if units.allSatisfy({ $0 < 0x80 }) {
      return units.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
    }
    var folded: [UInt16] = []
    for scalar in String(decoding: units, as: UTF16.self).unicodeScalars {
      let upper = scalar.properties.uppercaseMapping
      // FAT's upper case is one character for one.
      let isSimple = upper.unicodeScalars.count == 1
      folded += isSimple ? Array(upper.utf16) : Array(String(scalar).utf16)
    }
    return folded
  }

  private static let dot = UInt16(UInt8(ascii: "."))
  private static let space = UInt16(UInt8(ascii: " "))
  private static let underscore = UInt16(UInt8(ascii: "_"))

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\"", "*", "/", ":", "<", ">", "?", "\\", "|": true
    default: scalar.value < 0x20
    }
  }

  private static let devices: Set<String> = Set(
    ["CON", "PRN", "AUX", "NUL"] + (1...9).flatMap { ["COM\($0)", "LPT\($0)"] }
  )

  /// Whether DOS and Windows take the name for a device, whatever its ending.
  private static func isDevice(_ units: [UInt16]) -> Bool {
    let stem = units.prefix { $0 != dot }
    guard (3...4).contains(stem.count), stem.allSatisfy({ $0 < 0x80 }) else { return false }
    return devices.contains(String(decoding: folded(Array(stem)), as: UTF16.self))
  }
}
