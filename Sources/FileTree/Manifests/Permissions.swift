/// Permissions as manifests write them: octal, or symbolic as for chmod(1).
enum Permissions {
  /// The mode, of which a symbolic one starts from no permissions at all, as
  /// mtree(8) has it; `nil` if it is neither.
  static func parse(_ text: ArraySlice<UInt8>) -> UInt16? {
    if let first = text.first, (0x30...0x39).contains(first) {
      guard let mode = Number.parse(text, radix: 8), mode <= 0o7777 else { return nil }
      return UInt16(mode)
    }
    var mode: UInt16 = 0
    for clause in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard apply(clause, to: &mode) else { return nil }
    }
    return mode
  }

  /// Applies a clause like `u+rwx` or `go=rx`; false if it is none.
  private static func apply(_ clause: ArraySlice<UInt8>, to mode: inout UInt16) -> Bool {
    let whoEnd = clause.firstIndex { whose[$0] == nil } ?? clause.endIndex
    var mask = clause[..<whoEnd].reduce(UInt16(0)) { $0 | (whose[$1] ?? 0) }
    if whoEnd == clause.startIndex { mask = 0o7777 }
    var rest = clause[whoEnd...]
    guard !rest.isEmpty else { return false }
    while let sign = rest.popFirst() {
      guard "+-=".utf8.contains(sign) else { return false }
      var bits: UInt16 = 0
      while let letter = rest.first, !"+-=".utf8.contains(letter) {
        if let some = kinds[letter] {
          bits |= some
        } else if let shift = shifts[letter] {
          bits |= (mode >> shift & 7) * 0o111
        } else {
          return false
        }
        rest.removeFirst()
      }
      switch sign {
      case UInt8(ascii: "+"): mode |= bits & mask
      case UInt8(ascii: "-"): mode &= ~(bits & mask)
      default: mode = mode & ~mask | bits & mask
      }
    }
    return true
  }

  /// The bits that are the user's, the group's and others'; the sticky bit is
  /// everybody's.
  private static let whose: [UInt8: UInt16] = [
    UInt8(ascii: "u"): 0o5700, UInt8(ascii: "g"): 0o3070, UInt8(ascii: "o"): 0o1007,
    UInt8(ascii: "a"): 0o7777,
  ]

  private static let kinds: [UInt8: UInt16] = [
    UInt8(ascii: "r"): 0o444, UInt8(ascii: "w"): 0o222, UInt8(ascii: "x"): 0o111,
    UInt8(ascii: "s"): 0o6000, UInt8(ascii: "t"): 0o1000,
  ]

  /// Where the permissions of user, group and others are, to be copied.
  private static let shifts: [UInt8: UInt16] = [
    UInt8(ascii: "u"): 6, UInt8(ascii: "g"): 3, UInt8(ascii: "o"): 0,
  ]
}
