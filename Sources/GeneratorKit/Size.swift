/// Sizes as people write them.
public enum Size {
  /// Parses a decimal number of bytes with an optional unit, case-insensitive:
  /// `b` 1, `s` 512, `k` 2^10, `m` 2^20, `g` 2^30, `t` 2^40, `p` 2^50, `e` 2^60.
  ///
  /// - Returns: The size in bytes, or `nil` if `text` is no size or exceeds
  ///   2^63 - 1.
  public static func parse(_ text: some StringProtocol) -> Int? {
    var digits = Array(text.utf8)
    var unit = 1
    if let last = digits.last, let known = units[last | 0x20] {
      unit = known
      digits.removeLast()
    }
    guard !digits.isEmpty else { return nil }
    var value = 0
    for digit in digits {
      guard UInt8(ascii: "0") <= digit, digit <= UInt8(ascii: "9") else { return nil }
      let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, exceeded) = shifted.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      guard !overflowed, !exceeded else { return nil }
      value = sum
    }
    let (bytes, overflowed) = value.multipliedReportingOverflow(by: unit)
    return overflowed ? nil : bytes
  }

  private static let units: [UInt8: Int] = [
    UInt8(ascii: "b"): 1,
    UInt8(ascii: "s"): 512,
    UInt8(ascii: "k"): 1 << 10,
    UInt8(ascii: "m"): 1 << 20,
    UInt8(ascii: "g"): 1 << 30,
    UInt8(ascii: "t"): 1 << 40,
    UInt8(ascii: "p"): 1 << 50,
    UInt8(ascii: "e"): 1 << 60,
  ]

  /// What to write instead of a text that is no size.
  public static let advice = "not a size; write bytes, or a number with K, M, G or T"

  /// The size for people: in the largest unit that leaves at least 1, with one
  /// digit behind the point unless it is whole.
  public static func describe(_ bytes: Int) -> String {
    if bytes == 1 { return "1 byte" }
    let names = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var unit = 0
    while unit + 1 < names.count && bytes >> (10 * (unit + 1)) > 0 { unit += 1 }
    let whole = bytes >> (10 * unit)
    let rest = bytes & ((1 << (10 * unit)) - 1)
    let tenth = unit == 0 ? 0 : (rest >> (10 * (unit - 1))) * 10 / 1024
    return tenth == 0 ? "\(whole) \(names[unit])" : "\(whole).\(tenth) \(names[unit])"
  }
}
