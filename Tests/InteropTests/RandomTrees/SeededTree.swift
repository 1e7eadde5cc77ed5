import TestSupport

/// A small tree of random shape, over everything that a tree can hold: what a seed
/// makes, it makes again.
///
/// Without the rights of root it has neither devices nor other owners, nor the
/// attributes that only root can set.
struct SeededTree {
  private let root: RawPath
  private let blockSize: Int
  private var random: SeededGenerator
  private var folders: [RawPath]
  /// What can have further names.
  private var linkable: [RawPath] = []
  private var count = 0

  /// Fills an empty directory, which has to be in memory: few filesystems have room
  /// for such attributes.
  ///
  /// - Parameters:
  ///   - root: The directory.
  ///   - seed: What the tree depends on.
  ///   - variant: Tells what the filesystem has room for.
  /// - Throws: What the host says no to.
  @discardableResult
  init(in root: RawPath, seed: UInt64, for variant: SeededVariant) throws {
    self.root = root
    blockSize = variant.blockSize
    random = SeededGenerator(seed: seed)
    folders = [root]
    let count = chance(20) ? number(0...4) : number(5...60)
    for _ in 0..<count { try add() }
    if chance(6) { try addNames(number(100...450)) }
    if chance(40) { try addNames(number(2000...3500)) }
    if chance(8) { try addDepth(number(10...120)) }
    if chance(40) { try addDistantPieces() }
    var dressing = TreeDressing(variant, random)
    try dressing.dress(root)
  }

  private mutating func chance(_ bound: Int) -> Bool { number(1...bound) == 1 }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  /// Bytes none of whose blocks is like another, quickly.
  private mutating func bytes(_ count: Int) -> [UInt8] {
    let piece = random.bytes(min(count, 1009))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + piece.count)
    while bytes.count < count { bytes += piece }
    return Array(bytes.prefix(count))
  }

  // MARK: Names

  /// A path that is not there yet, in any folder.
  private mutating func newPath() -> RawPath {
    let folder = folders.randomElement(using: &random) ?? root
    // Paths of the host have 4,095 bytes at most.
    return newPath(in: folder.bytes.count < 3000 ? folder : root)
  }

  private mutating func newPath(in folder: RawPath) -> RawPath {
    count += 1
    let end = Array("-\(count)".utf8)
    var name = Array("name".utf8)
    switch number(0...9) {
    case 0: name = [UInt8](repeating: 0x6C, count: 255 - end.count)
    case 1: name = (0..<number(1...30)).map { _ in UInt8(number(1...255)) }
    case 2: name = Array("new\nline\n".utf8)
    case 3: name = Array(" \t\\\"'$x`*<12>caf\u{E9}".utf8)
    case 4: name = (0..<number(1...240)).map { _ in UInt8(number(0x61...0x7A)) }
    default: break
    }
    return folder / (name.map { $0 == 0x2F ? 0xFF : $0 } + end)
  }

  // MARK: Files

  private mutating func add() throws {
    let path = newPath()
    switch number(0...23) {
    case 0..<4:
      try path.makeDirectory()
      folders.append(path)
      return
    case 4..<7:
      try path.makeSymbolicLink(to: anyTarget())
    case 7:
      try path.makeNode((chance(2) ? 0o010000 : 0o140000) | 0o644)
    case 8 where MixedTree.isPrivileged:
      let isBlock = chance(2)
      let major = UInt32(chance(2) ? number(1...255) : number(256...4095))
      let minor = UInt32(chance(2) ? number(0...255) : number(256...0xF_FFFF))
      try path.makeNode(isBlock ? 0o060600 : 0o020600, major: major, minor: minor)
    case 9..<12:
      if let existing = linkable.randomElement(using: &random) {
        try path.makeHardLink(to: existing)
      }
      return
    case 12..<15:
      try addPieces(path)
    default:
      try path.write(bytes(anySize()))
    }
    linkable.append(path)
  }

  private mutating func anyTarget() -> [UInt8] {
    let most = blockSize - 1
    let length = [1, 58, 59, 60, 61, 255, most - 1, most].randomElement(using: &random) ?? 1
    return (0..<length).map { _ in UInt8(number(1...255)) }
  }

  private mutating func anySize() -> Int {
    switch number(0...11) {
    case 0: 0
    case 1: 1
    case 2...4: [1, 2, 12].map { $0 * blockSize }[number(0...2)] + number(-1...1)
    case 5: (12 + blockSize / 4) * blockSize + number(-1...1)
    case 6: (48 << 10) + number(-1...1)
    case 7 where chance(2): number(1 << 20...7 << 20)
    default: random.anyMagnitude(below: 30_000)
    }
  }

  /// A file with some pieces of data, at the ends of blocks or anywhere.
  private mutating func addPieces(_ path: RawPath) throws {
    var pieces: [(offset: Int, bytes: [UInt8])] = []
    var offset = 0
    for _ in 0..<(chance(4) ? number(100...400) : number(0...8)) {
      offset += chance(2) ? number(0...8) * 4096 : random.anyMagnitude(below: 60_000)
      let piece = bytes(chance(2) ? 4096 * number(1...2) : number(1...9000))
      pieces.append((offset, piece))
      offset += piece.count
    }
    try path.write(pieces, size: offset + (chance(2) ? 0 : random.anyMagnitude(below: 1 << 20)))
  }

  /// A file with a piece up to where indirect blocks are double and triple.
  private mutating func addDistantPieces() throws {
    let places = [0, 5 << 20, 17 << 20, 66 << 20].map { (offset: $0, bytes: bytes(5000)) }
    try newPath().write(places, size: 70 << 20)
  }

  /// A directory of many names, most of which are those of few files.
  private mutating func addNames(_ count: Int) throws {
    let folder = newPath()
    try folder.makeDirectory()
    let isAlike = chance(2)
    for number in 0..<count {
      let path = isAlike ? folder / "file-\(number)" : newPath(in: folder)
      if number % 40 == 0 || linkable.isEmpty {
        try path.write(bytes(anySize() % 3000))
        linkable.append(path)
      } else if let existing = linkable.last {
        try path.makeHardLink(to: existing)
      }
    }
  }

  private mutating func addDepth(_ depth: Int) throws {
    var folder = root / "deep"
    try folder.makeDirectory()
    for level in 1...depth {
      folder = folder / "level-\(level)"
      try folder.makeDirectory()
    }
    folders.append(folder)
    try (folder / "file").write(bytes(depth))
  }
}
