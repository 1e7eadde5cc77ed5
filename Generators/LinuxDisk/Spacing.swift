import FileTree

/// Where gaps are left between files, so that a local change of a tree remains a local
/// change of its disk.
///
/// Inodes and blocks are handed out in the order of the tree. If nothing were done, one
/// more file would move everything behind it. So about one file in 256, chosen by the
/// hash of its path, starts at a multiple of a power of two, which leaves a gap before
/// it that takes in what is added there. The rarer a file's hash, the larger the power:
/// what overflows a small gap is taken in by a larger one further on. All gaps together
/// are about a quarter of what is used.
struct Spacing {
  /// Where the last file of each level or a higher one started.
  private var starts: [Int]

  /// Highest level of a file; files of level 0 start where the one before them ends.
  static let levelLimit: UInt8 = 4

  /// The most of a gap is a quarter of what lies between files of level 1, so that it
  /// seldom overflows, and an eighth of what lies between those of higher ones.
  private static func shift(_ level: Int) -> Int { level == 1 ? 2 : 3 }

  /// Begins at a position.
  init(at start: Int) {
    starts = [Int](repeating: start, count: Int(Self.levelLimit) + 1)
  }

  /// What a file of `level` starts at a multiple of, if the one before ends at
  /// `position`; a power of two.
  func alignment(at position: Int, level: UInt8) -> Int {
    guard level > 0 else { return 1 }
    let level = Int(level)
    let room = max(1, (position - starts[level]) >> Self.shift(level))
    return 1 << (Int.bitWidth - 1 - room.leadingZeroBitCount)
  }

  /// Takes note of where a file of `level` starts.
  mutating func start(_ level: UInt8, at position: Int) {
    for index in 0...Int(level) { starts[index] = position }
  }

  /// The levels of all nodes of a tree, by the hashes of their paths.
  static func levels(of tree: Tree) -> [UInt8] {
    var hashes = [UInt64](repeating: 0, count: tree.nodes.count)
    var levels = [UInt8](repeating: 0, count: tree.nodes.count)
    let bytes = tree.text
    let text = bytes.span
    // A directory has a lower number than what is in it.
    for index in tree.nodes.indices.dropFirst() {
      let node = tree.nodes[index]
      let name = tree.name(of: tree.entries[Int(node.entry)])
      // FNV-1a, of 64 bits.
      var hash = hashes[Int(node.parent)] ^ 0xCBF2_9CE4_8422_2325
      for position in name { hash = (hash ^ UInt64(text[position])) &* 0x100_0000_01B3 }
      hashes[index] = hash
      // The upper bits are those that are mixed best.
      let mixed = hash ^ hash &* 0x9E37_79B9_7F4A_7C15
      // One file in 256, in 4,096, in 65,536...
      let zeros = min(mixed.leadingZeroBitCount, 4 + 4 * Int(levelLimit))
      levels[index] = zeros < 8 ? 0 : UInt8((zeros - 4) / 4)
    }
    return levels
  }
}

/// Rounds numbers up so that few of them are left, and a number that grows a little
/// stays the same in most cases.
func roundedCoarsely(_ number: Int) -> Int {
  let step = max(1, 1 << max(0, Int.bitWidth - 1 - number.leadingZeroBitCount - 5))
  return (number + step - 1) / step * step
}
