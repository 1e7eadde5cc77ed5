import TestSupport

/// A tree with something of everything that features and sizes of blocks and inodes
/// change, and that each of them can hold.
struct VariantTree {
  let root: RawPath

  /// How many names are in the directory `many`: with the smallest blocks they need an
  /// index of two levels.
  static let manyCount = 3000

  static func manyName(_ number: Int) -> String {
    "\(number)-" + String(repeating: "n", count: 55)
  }

  init(in root: RawPath) throws {
    self.root = root
    var random = SeededGenerator(seed: 71)
    for folder in ["many", "small", "mapped", "special", "attributes", "deep"] {
      try (root / folder).makeDirectory()
    }
    for number in 0..<Self.manyCount {
      try (root / "many/\(Self.manyName(number))").write(Array("\(number)".utf8))
    }
    for size in [0, 1, 1023, 1024, 1025, 4095, 4096, 4097, 12 << 10, 12 << 12, 20_000, 70_000] {
      try (root / "small/\(size)").write(random.bytes(size))
    }
    try (root / "mapped/large").write(random.bytes(3 << 20))
    // More pieces than an extent block of 4 KiB has room for.
    let pieces = (0..<400).map { (offset: $0 * 20_000, bytes: random.bytes(3000)) }
    try (root / "mapped/pieces").write(pieces, size: 9 << 20)
    // Up to where there are triple indirect blocks, of 1 KiB and of 2.
    let far = [1, 5 << 20, 70 << 20, 600 << 20].map { (offset: $0, bytes: random.bytes(5000)) }
    try (root / "mapped/far").write(far, size: 1 << 30)
    try (root / "mapped/hole").write([], size: 3 << 20)
    for size in [1, 59, 60, 61, 500, 1023] {
      try (root / "special/to\(size)").makeSymbolicLink(to: String(repeating: "t", count: size))
    }
    try (root / "special/fifo").makeNode(0o010600)
    for number in 0..<50 { try (root / "special/name\(number)").makeHardLink(to: root / "small/1") }
    var folder = root / "deep"
    for number in 0..<30 {
      folder = folder / "\(number)"
      try folder.makeDirectory()
      try (folder / "file").write(random.bytes(number * 100))
    }
    try addAttributes(&random)
  }

  private func addAttributes(_ random: inout SeededGenerator) throws {
    for size in [0, 1, 40, 56, 57, 300, 900] {
      let file = root / "attributes/\(size)"
      try file.write(random.bytes(size))
      try file.setAttribute("user.value", random.bytes(size))
    }
    for number in 0..<5 {
      let file = root / "attributes/shared\(number)"
      try file.write()
      try file.setAttribute("user.shared", [UInt8](repeating: 7, count: 400))
    }
    let list = accessList([(1, 6, nil), (2, 5, 1000), (4, 4, nil), (16, 7, nil), (32, 0, nil)])
    try (root / "attributes/list").write()
    try (root / "attributes/list").setAttribute("system.posix_acl_access", list)
  }
}
