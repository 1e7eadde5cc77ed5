/// The indirect blocks of a file that is mapped block by block (ext2, ext3).
///
/// A file's first 12 blocks are in its inode. Behind them, each span of as
/// many blocks as a block has pointers has a pointer block, spans are gathered by double indirect blocks,
/// and those by a triple indirect one. Only what leads to data exists. The
/// blocks are numbered level by level, lowest first, each in logical order.
///
/// Layout: "Direct/Indirect Block Addressing" in the kernel's ext4
/// documentation.
struct IndirectTree: Sendable {
  static let directCount = 12

  /// Pointers of a block, 4 bytes each.
  let pointerCount: Int

  /// Which indices exist at each level, lowest first.
  ///
  /// With p pointers: level 0: index s maps the blocks from 12 + p·s; 0 hangs off
  /// `i_block[12]`. Level 1: index d gathers the level-0 indices from
  /// 1 + p·d; 0 hangs off `i_block[13]`. Level 2: index 0 gathers the
  /// level-1 indices from 1, and hangs off `i_block[14]`.
  private let levels: [IndexSet]

  /// Number of indirect blocks.
  let blockCount: Int

  /// Plans the tree over ascending ranges of logical blocks that have data.
  init(covering ranges: some Sequence<Range<Int>>, blockSize: Int) {
    let pointers = blockSize / 4
    pointerCount = pointers
    var first = IndexSet()
    for range in ranges where range.upperBound > Self.directCount {
      let start = max(0, range.lowerBound - Self.directCount) / pointers
      first.insert(start..<(range.upperBound - 1 - Self.directCount) / pointers + 1)
    }
    let second = first.parents(pointers)
    let third = second.parents(pointers)
    levels = [first, second, third]
    blockCount = first.count + second.count + third.count
  }

  /// Number of the block that `i_block[12 + level]` points to, if there is one.
  func top(_ level: Int) -> Int? { number(level, index: 0) }

  private func number(_ level: Int, index: Int) -> Int? {
    let before = levels[..<level].reduce(0) { $0 + $1.count }
    return levels[level].rank(of: index).map { before + $0 }
  }

  /// What the pointers of block `number` lead to.
  func pointers(of number: Int) -> Pointers {
    var number = number
    var level = 0
    while number >= levels[level].count {
      number -= levels[level].count
      level += 1
    }
    let index = levels[level].element(at: number)
    if level == 0 { return .data(first: Self.directCount + index * pointerCount) }
    let firstChild = 1 + index * pointerCount
    return .blocks((0..<pointerCount).map { self.number(level - 1, index: firstChild + $0) })
  }

  /// What the pointers of an indirect block lead to.
  enum Pointers {
    /// Consecutive logical blocks of the file.
    case data(first: Int)
    /// Indirect blocks of the level below, by number; `nil` where there is none.
    case blocks([Int?])
  }
}

/// A set of indices as ascending ranges.
private struct IndexSet: Sendable {
  private var ranges: [Range<Int>] = []
  /// How many elements precede each range.
  private var ranks: [Int] = []
  private(set) var count = 0

  /// Inserts a range that starts no lower than the last one inserted.
  mutating func insert(_ range: Range<Int>) {
    guard let last = ranges.last, range.lowerBound <= last.upperBound else {
      ranges.append(range)
      ranks.append(count)
      count += range.count
      return
    }
    let end = max(last.upperBound, range.upperBound)
    count += end - last.upperBound
    ranges[ranges.count - 1] = last.lowerBound..<end
  }

  /// The indices one level up that the elements from 1 on hang off.
  func parents(_ pointerCount: Int) -> IndexSet {
    var parents = IndexSet()
    for range in ranges where range.upperBound > 1 {
      let start = (max(1, range.lowerBound) - 1) / pointerCount
      parents.insert(start..<(range.upperBound - 2) / pointerCount + 1)
    }
    return parents
  }

  /// How many elements precede `element`, if it is one.
  func rank(of element: Int) -> Int? {
    let index = partition { ranges[$0].upperBound <= element }
    guard index < ranges.count, ranges[index].contains(element) else { return nil }
    return ranks[index] + element - ranges[index].lowerBound
  }

  /// The element that `rank` others precede.
  func element(at rank: Int) -> Int {
    let index = partition { ranks[$0] <= rank } - 1
    return ranges[index].lowerBound + rank - ranks[index]
  }

  /// The first index for which `isBefore` does not hold.
  private func partition(_ isBefore: (Int) -> Bool) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
