/// Makes the parts of a ``MixedTree``, a directory each.
struct MixedTreeBuilder {
  let root: RawPath
  var random: SeededGenerator

  init(root: RawPath, seed: UInt64) {
    self.root = root
    random = SeededGenerator(seed: seed)
  }

  /// Random bytes, quickly.
  private mutating func bytes(_ count: Int) -> [UInt8] {
    var words: [UInt64] = []
    words.reserveCapacity(count / 8 + 1)
    // None of them is zero, so that no block of a file is.
    for _ in 0...count / 8 { words.append(random.next() | 0x0101_0101_0101_0101) }
    return unsafe words.withUnsafeBytes { unsafe Array($0.prefix(count)) }
  }

  private func part(_ name: String) throws -> RawPath {
    let folder = root / name
    try folder.makeDirectory()
    return folder
  }

  mutating func makeTypes() throws {
    let folder = try part("types")
    try (folder / "fifo").makeNode(0o010640)
    try (folder / "socket").makeNode(0o140755)
    try (folder / "empty").write()
    try (folder / "file").write(bytes(100))
    try (folder / "directory").makeDirectory()
    guard MixedTree.isPrivileged else { return }
    let numbers: [(major: UInt32, minor: UInt32)] = [
      (1, 3), (255, 255), (8, 256), (256, 0), (4095, 0xF_FFFF),
    ]
    for (major, minor) in numbers {
      try (folder / "char-\(major)-\(minor)").makeNode(0o020666, major: major, minor: minor)
      try (folder / "block-\(major)-\(minor)").makeNode(0o060660, major: major, minor: minor)
    }
  }

  /// Around the ends of what 12 direct blocks and one indirect block hold, and
  /// into the blocks of a double indirect one.
  mutating func makeSizes() throws {
    let folder = try part("sizes")
    let direct = 12 * 4096
    let indirect = direct + 1024 * 4096
    for size in [1, 4095, 4096, 4097, direct - 1, direct, direct + 1] {
      try (folder / "\(size)").write(bytes(size))
    }
    for size in [indirect - 1, indirect, indirect + 1, 9 * 1024 * 1024 + 5] {
      try (folder / "\(size)").write(bytes(size))
    }
  }

  mutating func makeSparseFiles() throws {
    let folder = try part("sparse")
    let block = 4096
    try (folder / "hole-only").write([], size: 1_000_001)
    try (folder / "hole-at-start").write([(25 * block, bytes(3 * block))], size: 28 * block)
    try (folder / "hole-at-end").write([(0, bytes(2 * block + 17))], size: 300_000)
    try (folder / "unaligned").write([(5 * block + 100, bytes(5000))], size: 11 * block + 1)
    // Pieces on both sides of where indirect blocks begin.
    let places = [0, 3, 11, 12, 40, 1035, 1036, 1037, 3000]
    try (folder / "holes").write(places.map { ($0 * block, bytes(block)) }, size: 3003 * block - 9)
    let fragments = (0..<400).map { (offset: 2 * $0 * block, bytes: bytes(block - $0)) }
    try (folder / "comb").write(fragments, size: 800 * block)
  }

  mutating func makeLinks() throws {
    let folder = try part("links")
    try (folder / "file").write(bytes(5000))
    for number in 1...4 { try (folder / "file-\(number)").makeHardLink(to: folder / "file") }
    try (folder / "elsewhere").makeDirectory()
    try (folder / "elsewhere/file").makeHardLink(to: folder / "file")
    try (folder / "fifo").makeNode(0o010600)
    try (folder / "elsewhere/fifo").makeHardLink(to: folder / "fifo")
    for length in [1, 5, 58, 59, 60, 61, 255, 1000, 4094, 4095] {
      let target = Array("t/".utf8) + bytes(length).map { $0 | 0x40 }
      try (folder / "to-\(length)").makeSymbolicLink(to: Array(target.suffix(length)))
    }
    try (folder / "elsewhere/to-59").makeHardLink(to: folder / "to-59")
    try (folder / "elsewhere/to-60").makeHardLink(to: folder / "to-60")
  }

  mutating func makeNames() throws {
    let folder = try part("names")
    let long = [UInt8](repeating: 0x6E, count: 254)
    let names: [[UInt8]] = [
      long + [0x61], long + [0x62], [0xFF], [0xC3], [0x61, 0xFF, 0xFE, 0x62], [0xED, 0xA0, 0x80],
      Array("new\nline".utf8), [0x0A], Array(" ".utf8), Array("- -".utf8), Array("\\\"'$x`".utf8),
      Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8), Array("*".utf8), Array("<12>".utf8),
      [0x01, 0x7F], Array("...".utf8), Array("lost+found".utf8),
    ]
    for name in names {
      try (folder / name).write(bytes(33))
      let directory = folder / ([0x64] + name.suffix(254))
      try directory.makeDirectory()
      try (directory / name).write(bytes(7))
    }
  }

  mutating func makeModes() throws {
    let folder = try part("modes")
    for mode: UInt32 in [0, 0o400, 0o644, 0o777, 0o4755, 0o2755, 0o1777, 0o6711, 0o7777] {
      let file = folder / String(mode, radix: 8)
      let directory = folder / "d\(String(mode, radix: 8))"
      try file.write(bytes(10))
      try directory.makeDirectory()
      for path in [file, directory] {
        if MixedTree.isPrivileged { try path.setOwner(70_000, 3_000_000_000) }
        // Without root a file that nobody may read could not be served.
        try path.setPermissions(mode | (MixedTree.isPrivileged ? 0 : 0o500))
      }
    }
    guard MixedTree.isPrivileged else { return }
    try (folder / "link").makeSymbolicLink(to: "0")
    try (folder / "link").setOwner(65_535, 65_536)
  }

  mutating func makeDepth(_ depth: Int) throws {
    var folder = try part("deep")
    for level in 1...depth {
      folder = folder / "level-\(level)"
      try folder.makeDirectory()
      if level % 50 == 0 { try (folder / "file").write(bytes(level)) }
    }
  }

  mutating func makeSmallFiles() throws {
    let folder = try part("small")
    for group in 0..<200 {
      let directory = folder / "group-\(group)"
      try directory.makeDirectory()
      for number in 0..<100 {
        let path = directory / "file-\(number)"
        try path.write(bytes(Int.random(in: 1...2000, using: &random)))
        let mode: UInt32 = [0o644, 0o600, 0o755, 0o440].randomElement(using: &random) ?? 0
        try path.setPermissions(mode)
        let user: UInt32 = [0, 1000, 65_536].randomElement(using: &random) ?? 0
        if MixedTree.isPrivileged { try path.setOwner(user, user) }
      }
    }
  }

  /// A directory of 5,000 names, more than 12 blocks of them.
  mutating func makeWidth() throws {
    let folder = try part("wide")
    for number in 0..<5000 { try (folder / "a-rather-long-name-\(number)").write() }
  }

  /// 5 GiB with three pieces of data, the last beyond 4 GiB.
  mutating func makeLargeFile() throws {
    let folder = try part("large")
    let pieces = [0, 3 << 30, (4 << 30) + 123_456].map { (offset: $0, bytes: bytes(70_001)) }
    try (folder / "5G").write(pieces, size: 5 << 30)
  }

  /// Gives everything its own time, and a few files odd ones.
  mutating func setTimes() throws {
    let odd = try part("times")
    let times: [(name: String, seconds: Int, nanoseconds: Int)] = [
      ("epoch", 0, 0), ("epoch-ns", 0, 999_999_999), ("before-1970", -1, 1),
      ("before-1902", -(1 << 31), 0), ("2038", 1 << 31, 5), ("2106", 1 << 32, 6),
      ("2445", (3 << 32) + (1 << 31) - 1, 7),
    ]
    for time in times { try (odd / time.name).write(bytes(9)) }
    for (path, _) in try root.everythingBelow() {
      let seconds = Int.random(in: 300_000_000..<1_700_000_000, using: &random)
      let nanoseconds = Int.random(in: 0..<1_000_000_000, using: &random)
      try (root / path.bytes).setModified(seconds, nanoseconds)
    }
    for time in times { try (odd / time.name).setModified(time.seconds, time.nanoseconds) }
    try root.setModified(1_234_567_890, 987_654_321)
  }
}
