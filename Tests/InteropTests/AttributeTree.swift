import TestSupport

/// A tree with extended attributes of all kinds, of sizes around what an inode and
/// a block hold, and shared by more files than may share a block.
///
/// Without the rights of root it has neither devices nor the attributes that only
/// root can set.
struct AttributeTree {
  let root: RawPath
  private var random = SeededGenerator(seed: 0xEA)

  /// Fills a directory, which has to be in memory: few filesystems have room for
  /// such attributes.
  init(in root: RawPath) throws {
    self.root = root
    try makeSizes()
    try makeLists()
    try makeShares()
    try makeSpecialFiles()
    for (path, _) in try root.everythingBelow() {
      let seconds = Int.random(in: 300_000_000..<1_700_000_000, using: &random)
      try (root / path.bytes).setModified(seconds, 5)
    }
    try root.setAttribute("user.root", Array("of the tree".utf8))
    try setLabel(root)
    try root.setModified(1_234_567_890, 987_654_321)
  }

  private mutating func bytes(_ count: Int) -> [UInt8] { random.bytes(count) }

  /// What is stored of `user.v` has 20 bytes beside the value; 88 fit into an
  /// inode, and 4,060 into a block.
  private mutating func makeSizes() throws {
    let folder = root / "sizes"
    try folder.makeDirectory()
    for size in [0, 1, 2, 3, 4, 5, 60, 67, 68, 69, 100, 1000, 3900, 4039, 4040] {
      try (folder / "\(size)").write(bytes(7))
      try (folder / "\(size)").setAttribute("user.v", bytes(size))
    }
    let full = folder / "full"
    try full.makeDirectory()
    try full.setAttribute("user.v", bytes(4040))
    try full.setAttribute("user.w", bytes(68))
    let many = folder / "many"
    try many.write(bytes(9000))
    for number in 0..<40 {
      let name = "user.n\(String(repeating: "x", count: number % 7))\(number)"
      try many.setAttribute(name, bytes(number * 2))
    }
    try (folder / "many-linked").makeHardLink(to: many)
    let names = folder / "names"
    try names.write()
    for name in ["a b", "caf\u{E9}", "=", String(repeating: "l", count: 250)] {
      try names.setAttribute("user.\(name)", bytes(30))
    }
  }

  /// ACLs of the owner, of many others, and for what is made in a directory.
  private mutating func makeLists() throws {
    let folder = root / "lists"
    try folder.makeDirectory()
    let others = (0..<60).map { (tag: 2, permissions: $0 % 8, identifier: Int?(1000 + 977 * $0)) }
    for (name, count) in [("few", 1), ("more", 5), ("many", 60)] {
      let list = accessList(
        [(1, 7, nil)] + others.prefix(count)
          + [(4, 5, nil), (8, 4, 3_000_000_000), (16, 7, nil), (32, 1, nil)]
      )
      try (folder / name).write(bytes(10))
      try (folder / name).setAttribute("system.posix_acl_access", list)
      let directory = folder / "\(name)-directory"
      try directory.makeDirectory()
      try directory.setAttribute("system.posix_acl_access", list)
      try directory.setAttribute("system.posix_acl_default", list)
    }
    let minimal = accessList([(1, 7, nil), (4, 5, nil), (32, 0, nil)])
    try root.setAttribute("system.posix_acl_default", minimal)
    try (folder / "after").write()
    try (folder / "after").setAttribute("user.beside", bytes(100))
  }

  /// 2,500 files with the same attribute, half of which have another one.
  private mutating func makeShares() throws {
    let folder = root / "shares"
    try folder.makeDirectory()
    let (common, rare) = (bytes(300), bytes(200))
    for number in 0..<2500 {
      let file = folder / "\(number)"
      try file.write(bytes(number % 3))
      try file.setAttribute("user.common", common)
      if number % 2 == 0 { try file.setAttribute("user.own", Array("\(number)".utf8)) }
      if number % 100 == 0 { try file.setAttribute("user.rare", rare) }
    }
  }

  private mutating func makeSpecialFiles() throws {
    let folder = root / "special"
    try folder.makeDirectory()
    try (folder / "fifo").makeNode(0o010640)
    try (folder / "socket").makeNode(0o140755)
    try (folder / "short").makeSymbolicLink(to: "fifo")
    try (folder / "long").makeSymbolicLink(to: String(repeating: "l", count: 100))
    try (folder / "file").write(bytes(5))
    guard MixedTree.isPrivileged else { return }
    try (folder / "char").makeNode(0o020666, major: 1, minor: 3)
    try (folder / "block").makeNode(0o060660, major: 259, minor: 70_000)
    for name in try folder.names() {
      let path = folder / name
      try setLabel(path)
      try path.setAttribute("trusted.small", bytes(3))
      try path.setAttribute("trusted.large", bytes(500))
    }
    // VFS_CAP_REVISION_2: cap_net_raw, permitted and effective.
    let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)
    try (folder / "file").setAttribute("security.capability", capability)
  }

  private func setLabel(_ path: RawPath) throws {
    guard MixedTree.isPrivileged else { return }
    try path.setAttribute("security.selinux", Array("system_u:object_r:etc_t:s0\0".utf8))
  }
}
