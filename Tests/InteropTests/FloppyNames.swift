import TestSupport

/// Random names that FAT can hold, none of which another in the same directory
/// is equal to but for case.
struct FloppyNames {
  private var random: SeededGenerator
  private var used: [RawPath: Set<String>] = [:]

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// A name that is not yet in `folder`.
  mutating func next(in folder: RawPath) -> [UInt8] {
    while true {
      let name = any()
      guard Self.isPossible(name) else { continue }
      if used[folder, default: []].insert(name.uppercased().lowercased()).inserted {
        return Array(name.utf8)
      }
    }
  }

  /// Whether the name fits both into FAT and into the host's filesystems.
  static func isPossible(_ name: String) -> Bool {
    let first = name.uppercased().split(separator: ".", omittingEmptySubsequences: false)[0]
    let isDevice =
      ["CON", "PRN", "AUX", "NUL"].contains(first)
      || first.count == 4 && (first.hasPrefix("COM") || first.hasPrefix("LPT"))
    return !name.isEmpty && name.utf16.count <= 255 && name.utf8.count <= 255 && !isDevice
      && name.last != "." && name.last != " "
  }

  private static let lower = Array("abcdefghijklmnopqrstuvwxyz0123456789_-")
  private static let upper = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
  private static let mixed = Array("abcdeABCDE0129_-")
  private static let marks = Array("+,;=[]!#$%&'()-@^_`{}~ab")
  private static let dotted = Array("ab.. -c")
  private static let accented = Array("äöüßåÅéèñçø¿§aeio")
  private static let foreign = Array("жЯλΩאש日本語漢字かなกขहिन्दी")
  private static let combined = Array("e\u{301}o\u{308}n\u{303}xyz")
  private static let beyond = Array("😀🎉🦀𝄞𐍈👩🏽ab")

  private mutating func text(_ characters: [Character], _ counts: ClosedRange<Int>) -> String {
    let count = Int.random(in: counts, using: &random)
    return String((0..<count).map { _ in characters.randomElement(using: &random) ?? "x" })
  }

  private mutating func any() -> String {
    let short = [Self.lower, Self.upper, Self.mixed]
    switch Int.random(in: 0..<16, using: &random) {
    case 0: return text(Self.lower, 1...8) + "." + text(Self.lower, 1...3)
    case 1: return text(Self.upper, 1...8) + "." + text(Self.upper, 1...3)
    case 2:
      let (base, end) = (short.randomElement(using: &random), short.randomElement(using: &random))
      return text(base ?? [], 1...8) + "." + text(end ?? [], 1...3)
    case 3: return text(short.randomElement(using: &random) ?? [], 1...8)
    case 4: return "." + text(Self.mixed, 1...12)
    case 5: return text(Self.mixed, 5...20) + "." + text(Self.lower, 1...6)
    case 6: return text(Self.marks, 1...12)
    case 7: return text(Self.dotted, 2...30)
    case 8: return text(Self.accented, 1...20)
    case 9: return text(Self.foreign, 1...40)
    case 10: return text(Self.combined, 1...20)
    case 11: return text(Self.beyond, 1...20) + "." + text(Self.lower, 1...3)
    case 12: return text(Self.upper, 6...6) + "~" + text(["1", "2", "3"], 1...1)
    case 13: return "prefix" + text(Self.lower, 3...12)
    case 14: return " " + text(Self.mixed, 1...4) + " " + text(Self.mixed, 1...9)
    default:
      // What one, two, three or twenty slots of a long name hold.
      let count = [12, 13, 14, 26, 27, 39, 254, 255].randomElement(using: &random) ?? 13
      return text(Self.mixed, count...count)
    }
  }
}
