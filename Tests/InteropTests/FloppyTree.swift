import Foundation
import TestSupport

/// A tree of random shape that a FAT filesystem can hold: what a seed makes, it
/// makes again.
struct FloppyTree {
  /// Where it is.
  let root: RawPath

  private let directory: TemporaryDirectory
  private var random: SeededGenerator
  private var names: FloppyNames
  private var files: [RawPath] = []
  private var folders: [RawPath] = []

  /// Makes a tree.
  ///
  /// - Parameters:
  ///   - seed: Chooses everything.
  ///   - isSmall: Whether it has to fit on a disk of less than a megabyte.
  /// - Throws: What the host says no to.
  init(seed: UInt64, isSmall: Bool = false) throws {
    directory = try TemporaryDirectory()
    root = RawPath(directory("tree"))
    random = SeededGenerator(seed: seed)
    names = FloppyNames(seed: seed ^ 0xFA7)
    try root.makeDirectory()
    folders.append(root)
    try fill(root, count: 1 + random.anyMagnitude(below: isSmall ? 12 : 100), isSmall: isSmall)
    if !isSmall {
      if seed % 3 == 0 { try makeDepth() }
      if seed % 4 == 1 { try makeAlikeNames() }
      if seed % 5 == 2 { try makeLinks() }
    }
    try setTimes()
  }

  private mutating func fill(_ folder: RawPath, depth: Int = 0, count: Int, isSmall: Bool) throws {
    for _ in 0..<count {
      let path = folder / names.next(in: folder)
      switch Int.random(in: 0..<16, using: &random) {
      case 0...1 where depth < 5:
        try path.makeDirectory()
        folders.append(path)
        let count = random.anyMagnitude(below: isSmall ? 6 : 40)
        try fill(path, depth: depth + 1, count: count, isSmall: isSmall)
      case 2 where !files.isEmpty:
        try path.makeHardLink(to: files[Int.random(in: 0..<files.count, using: &random)])
      case 3 where !isSmall:
        try makeSparse(path)
      case 4...6:
        try path.write()
        files.append(path)
      default:
        try path.write(bytes(fileSize(isSmall)))
        files.append(path)
      }
    }
  }

  /// Around the ends of clusters of all sizes.
  private mutating func fileSize(_ isSmall: Bool) -> Int {
    if isSmall { return Int.random(in: 1...1500, using: &random) }
    switch Int.random(in: 0..<40, using: &random) {
    case 0: return random.anyMagnitude(below: 3 << 20)
    case 1...20: return 1 + random.anyMagnitude(below: 20_000)
    default:
      let clusters = Int.random(in: 1...3, using: &random)
      let size = 512 << Int.random(in: 0...7, using: &random)
      return clusters * size + Int.random(in: -1...1, using: &random)
    }
  }

  private mutating func makeSparse(_ path: RawPath) throws {
    var pieces: [(offset: Int, bytes: [UInt8])] = []
    let size = random.anyMagnitude(below: 8 << 20)
    for _ in 0..<random.anyMagnitude(below: 10) where size > 10_000 {
      let length = 1 + random.anyMagnitude(below: 9000)
      pieces.append((Int.random(in: 0..<size - length, using: &random), bytes(length)))
    }
    try path.write(pieces, size: size)
    files.append(path)
  }

  /// Directories 24 deep, with a file at some of their ends.
  private mutating func makeDepth() throws {
    var folder = root / names.next(in: root)
    for level in 1...24 {
      try folder.makeDirectory()
      folders.append(folder)
      if level % 8 == 0 { try (folder / names.next(in: folder)).write(bytes(level)) }
      let isShort = level % 3 != 0 || folder.bytes.count > 2500
      folder = folder / (isShort ? Array("level \(level)".utf8) : names.next(in: folder))
    }
  }

  /// Many names of which a program that only looks at short ones sees the same
  /// six characters, and names that look as if made for that.
  private mutating func makeAlikeNames() throws {
    let folder = root / names.next(in: root)
    try folder.makeDirectory()
    folders.append(folder)
    for number in 1...Int.random(in: 5...150, using: &random) {
      try (folder / "prefix and number \(number).text").write(bytes(number))
      if number % 7 == 0 { try (folder / "PREFIX~\(number).TEX").write(bytes(3)) }
      if number % 11 == 0 { try (folder / "prefix~\(number)").write() }
    }
  }

  /// Symbolic links, of which those that lead into the tree are followed.
  private mutating func makeLinks() throws {
    let folder = root / names.next(in: root)
    try folder.makeDirectory()
    try (folder / "file").write(bytes(700))
    try (folder / "inner").makeDirectory()
    try (folder / "inner/deeper").write(bytes(5))
    let outer = root / names.next(in: root)
    try outer.makeDirectory()
    let name = String(decoding: folder.bytes.dropFirst(root.bytes.count + 1), as: UTF8.self)
    try (outer / "to-file").makeSymbolicLink(to: "../\(name)/file")
    try (outer / "to-directory").makeSymbolicLink(to: "../\(name)/inner")
    try (outer / "nowhere").makeSymbolicLink(to: "../no such file")
    try (outer / "outside").makeSymbolicLink(to: "/etc/hostname")
    try (outer / "fifo").makeNode(0o010644)
    folders += [folder, outer]
  }

  private static let oddTimes = [
    -1, 0, 1, 315_532_799, 315_532_800, 315_532_801, 951_782_399, 951_782_400, 1_000_000_001,
    4_107_542_399, 4_354_819_197, 4_354_819_198, 4_354_819_199, 4_354_819_200, 5_000_000_001,
  ]

  /// Times, and now and then no permission to write.
  private mutating func setTimes() throws {
    for path in files + folders.reversed() {
      let isOdd = Int.random(in: 0..<4, using: &random) == 0
      let any = Int.random(in: 0..<2_000_000_000, using: &random)
      let seconds = isOdd ? Self.oddTimes.randomElement(using: &random) ?? 0 : any
      if Int.random(in: 0..<6, using: &random) == 0, files.contains(path) {
        try path.setPermissions(0o444)
      }
      try path.setModified(seconds, Int.random(in: 0..<1_000_000_000, using: &random))
    }
  }

  /// Random bytes, quickly.
  private mutating func bytes(_ count: Int) -> [UInt8] {
    var words: [UInt64] = []
    words.reserveCapacity(count / 8 + 1)
    for _ in 0...count / 8 { words.append(random.next() | 0x0101_0101_0101_0101) }
    return unsafe words.withUnsafeBytes { unsafe Array($0.prefix(count)) }
  }
}
