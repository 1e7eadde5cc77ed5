import CExt2FS
import FileTree
import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("An extended attribute that is stored")
struct StoredAttributeTests {
  @Test(
    "has the namespace as a number",
    arguments: [
      ("user.comment", 1, "comment"), ("user.", 1, ""), ("trusted.a.b", 4, "a.b"),
      ("security.capability", 6, "capability"), ("security.selinux", 6, "selinux"),
    ] as [(String, UInt8, String)]
  )
  func namespacesAreNumbers(name: String, namespace: UInt8, rest: String) throws {
    let attribute = ExtendedAttribute(name: Array(name.utf8)[...], value: [1, 2])
    let stored = try #require(StoredAttribute(attribute))
    #expect(stored.namespace == namespace)
    #expect(stored.name.elementsEqual(rest.utf8))
    #expect(stored.value == [1, 2])
  }

  /// Both forms as in the kernel's headers, byte by byte.
  @Test("is shorter than the host's if it is an ACL")
  func accessListsAreConverted() throws {
    let value = accessList([
      (0x01, 7, nil), (0x02, 6, 70_000), (0x04, 5, nil), (0x08, 4, 0xB2D0_5E00), (0x10, 7, nil),
      (0x20, 0, nil),
    ])
    #expect(value.count == 4 + 6 * 8)
    let list = ExtendedAttribute(
      name: Array("system.posix_acl_default".utf8)[...],
      value: value[...]
    )
    let stored = try #require(StoredAttribute(list))
    #expect(stored.namespace == 3)
    #expect(stored.name.isEmpty)
    #expect(
      Array(stored.value) == [
        1, 0, 0, 0, 0x01, 0, 7, 0, 0x02, 0, 6, 0, 0x70, 0x11, 1, 0, 0x04, 0, 5, 0, 0x08, 0, 4, 0,
        0x00, 0x5E, 0xD0, 0xB2, 0x10, 0, 7, 0, 0x20, 0, 0, 0,
      ]
    )
  }

  @Test(
    "is not made of an ACL that is none",
    arguments: [
      [], [2, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0, 1], [2, 0, 0, 0, 3, 0, 7, 0, 0, 0, 0, 0],
    ] as [[UInt8]]
  )
  func malformedListsAreRefused(value: [UInt8]) {
    let name = Array("system.posix_acl_access".utf8)
    let list = ExtendedAttribute(name: name[...], value: value[...])
    #expect(StoredAttribute(list) == nil)
    #expect(throws: AttributeSplit.Misfit.malformed(name)) {
      _ = try AttributeSplit(AttributeSet([list]), Format(.ext2))
    }
  }

  @Test("has the hash that libext2fs computes", arguments: 1...40 as ClosedRange<UInt64>)
  func hashesAgree(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let name = random.bytes(1 + random.anyMagnitude(below: 250))
    let value = random.bytes(random.anyMagnitude(below: 4000))
    let attribute = StoredAttribute(namespace: 1, name: name[...], value: value[...])
    let padded = value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    var bytes = [UInt8](repeating: 0, count: 16) + name
    bytes[0] = UInt8(name.count)
    for byte in 0..<4 { bytes[8 + byte] = UInt8(truncatingIfNeeded: value.count >> (8 * byte)) }
    var values = padded
    let expected = unsafe bytes.withUnsafeMutableBytes { entry in
      unsafe values.withUnsafeMutableBytes { value in
        unsafe ext2fs_ext_attr_hash_entry(
          entry.baseAddress?.assumingMemoryBound(to: ext2_ext_attr_entry.self),
          value.baseAddress
        )
      }
    }
    #expect(attribute.hash == expected)
  }

  @Test("is in the order that the kernel searches by")
  func entriesAreOrdered() {
    let names: [(UInt8, String)] = [(1, "b"), (1, "aa"), (1, "ab"), (2, ""), (6, "a")]
    let sorted = names.map {
      StoredAttribute(namespace: $0.0, name: Array($0.1.utf8)[...], value: [])
    }
    #expect(sorted.reversed().sorted { $0.precedes($1) } == sorted)
  }
}

@Suite("The split of extended attributes between inode and block")
struct AttributeSplitTests {
  /// An attribute `user.` and one letter, that takes so many bytes.
  private func attribute(_ letter: Character, _ size: Int) -> ExtendedAttribute {
    ExtendedAttribute(
      name: Array("user.\(letter)".utf8)[...],
      value: [UInt8](repeating: 7, count: size - 20)[...]
    )
  }

  private func split(_ sizes: [Int]) throws(AttributeSplit.Misfit) -> AttributeSplit {
    let letters = "abcdefghijklmnopqrstuvwxyz"
    return try AttributeSplit(
      AttributeSet(zip(letters, sizes).map { attribute($0, $1) }),
      Format(.ext2)
    )
  }

  @Test(
    "fills the inode first",
    arguments: [
      ([88], [88], []), ([92], [], [92]), ([20, 24, 20, 24], [20, 24, 20, 24], []),
      ([60, 44, 44], [44, 44], [60]), ([40, 40, 36, 32, 20], [36, 32, 20], [40, 40]),
      ([4060, 88], [88], [4060]), ([2000, 88, 2060], [88], [2000, 2060]),
    ] as [([Int], [Int], [Int])]
  )
  func inodesAreFilled(sizes: [Int], inInode: [Int], inBlock: [Int]) throws {
    let split = try split(sizes)
    #expect(split.inInode.map(\.size) == inInode)
    #expect(split.inBlock.map(\.size) == inBlock)
  }

  @Test("is refused when both are full", arguments: [[4064], [4060, 92], [2000, 2064, 84]])
  func misfitsAreRefused(sizes: [Int]) {
    let size = sizes.reduce(0, +)
    #expect(throws: AttributeSplit.Misfit.tooLarge(size, inodeRoom: 88, blockRoom: 4060)) {
      _ = try split(sizes)
    }
  }

  @Test("of nothing is nothing")
  func emptySetsAreSplit() throws {
    let split = try AttributeSplit(AttributeSet([]), Format(.ext2))
    #expect(split.inInode.isEmpty && split.inBlock.isEmpty)
  }
}
