import TestSupport

/// Gives files random owners, permissions, extended attributes and times.
struct TreeDressing {
  private let blockSize: Int
  private let hasLargeInodes: Bool
  private var random: SeededGenerator
  /// The value that files share.
  private let common: [UInt8]

  init(_ variant: SeededVariant, _ random: SeededGenerator) {
    blockSize = variant.blockSize
    hasLargeInodes = variant.inodeSize > 128
    self.random = random
    common = self.random.bytes(400)
  }

  private mutating func chance(_ bound: Int) -> Bool { number(1...bound) == 1 }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  /// Dresses a directory and everything in it.
  mutating func dress(_ root: RawPath) throws {
    var files = [(path: root, facts: try root.facts())]
    var known: Set<UInt64> = []
    for (path, facts) in try root.everythingBelow()
    where facts.isDirectory || known.insert(facts.inode).inserted {
      files.append((root / path.bytes, facts))
    }
    for (path, facts) in files {
      if MixedTree.isPrivileged && chance(2) { try path.setOwner(anyOwner(), anyOwner()) }
      if chance(3) { try addAttributes(path, facts) }
      if !facts.isSymbolicLink && chance(2) {
        // Without root a file that nobody may read could not be served.
        try path.setPermissions(
          UInt32(number(0...0o7777)) | (MixedTree.isPrivileged ? 0 : 0o700)
        )
      }
    }
    for (path, _) in files {
      try path.setModified(anyTime(), chance(4) ? 0 : number(0...999_999_999))
    }
  }

  private mutating func anyOwner() -> UInt32 {
    let owners: [UInt32] = [0, 1, 1000, 65_533, 65_535, 65_536, 1 << 31, .max - 1]
    let other = UInt32(random.anyMagnitude(below: Int(UInt32.max)))
    return chance(2) ? owners.randomElement(using: &random) ?? 0 : other
  }

  /// From 1901 to 2446, or to 2038 where inodes do not hold more.
  private mutating func anyTime() -> Int {
    let last = hasLargeInodes ? (1 << 34) - (1 << 31) - 1 : (1 << 31) - 1
    let edges = [-1 << 31, -1, 0, 1, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 32) + (1 << 31), last]
    if chance(3) { return min(edges.randomElement(using: &random) ?? 0, last) }
    return chance(2) ? number(-1 << 31...last) : number(300_000_000...1_700_000_000)
  }

  // MARK: Attributes

  /// Adds attributes that one block holds together.
  private mutating func addAttributes(_ path: RawPath, _ facts: FileFacts) throws {
    var room = blockSize - 36
    var used: Set<String> = []
    func add(_ name: String, _ value: [UInt8], cost: Int? = nil) throws {
      let short = name.drop { $0 != "." }.dropFirst().utf8.count
      let size = cost ?? (16 + (short + 3) / 4 * 4 + (value.count + 3) / 4 * 4)
      guard size <= room, used.insert(name).inserted else { return }
      room -= size
      try path.setAttribute(name, value)
    }
    let isOrdinary = facts.isRegular || facts.isDirectory
    if !facts.isSymbolicLink && chance(3) {
      let list = anyAccessList()
      try add("system.posix_acl_access", list, cost: 24 + list.count)
      if facts.isDirectory && chance(2) {
        let other = anyAccessList()
        try add("system.posix_acl_default", other, cost: 24 + other.count)
      }
    }
    if MixedTree.isPrivileged {
      if chance(3) { try add("security.selinux", Array("system_u:object_r:etc_t:s0\0".utf8)) }
      if chance(3) { try add("trusted.value", random.bytes(anySize())) }
      if facts.isRegular && chance(4) {
        // VFS_CAP_REVISION_2: cap_net_raw, permitted and effective.
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)
        try add("security.capability", capability)
      }
    }
    guard isOrdinary else { return }
    if chance(3) { try add("user.common", common) }
    for _ in 0..<(chance(6) ? number(5...30) : number(0...2)) {
      let name = String(repeating: "n", count: chance(8) ? 250 : number(1...12))
      try add("user.\(name)", random.bytes(anySize()))
    }
    // The rest of the block, to the last byte.
    if chance(5) && room >= 20 { try add("user.rest", random.bytes(max(0, room - 20))) }
  }

  private mutating func anySize() -> Int {
    [0, 1, 3, 4, 20, 40, 56, 57, 64, 67, 68, 69, 72, 88, 100, 300, 900, 2000]
      .randomElement(using: &random) ?? 0
  }

  private mutating func anyAccessList() -> [UInt8] {
    let count = chance(4) ? number(10...60) : number(0...4)
    var list: [(tag: Int, permissions: Int, identifier: Int?)] = [(1, 7, nil)]
    for user in 0..<count { list.append((2, user % 8, 1000 + 977 * user)) }
    list += [(4, 5, nil), (8, 4, 3_000_000_000), (16, 7, nil), (32, number(0...7), nil)]
    return accessList(list)
  }
}
