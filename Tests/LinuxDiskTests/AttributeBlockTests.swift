import CExt2FS
import DiskModel
import FileTree
import Foundation
import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("A block with extended attributes")
struct AttributeBlockTests {
  private let directory: MemoryDirectory
  private var root: RawPath { RawPath(directory.path) }

  init() throws { directory = try MemoryDirectory() }

  /// The first block of the tree.
  private func block() throws -> [UInt8] {
    let tree = try TreeScanner.scan(directory.path, descriptors: DescriptorCache(capacity: 4))
    let format = Format(.ext2)
    let catalog = Catalog(tree, format, FilesystemIdentity(of: tree, format, label: ""))
    var builder = LayoutBuilder(catalog: catalog, geometry: .unlimited(format))
    builder.placeAll()
    return AttributeBlocks(builder.finish(time: 0)).unit(0)
  }

  @Test("has the hash that libext2fs computes", arguments: 1...10 as ClosedRange<UInt64>)
  func hashesAgree(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    try (root / "file").write()
    for number in 0..<Int.random(in: 1...20, using: &random) {
      let value = random.bytes(90 + random.anyMagnitude(below: 80))
      try (root / "file").setAttribute("user.\(number)", value)
    }
    let bytes = try block()
    #expect(bytes.count == 4096)
    // Behind the last entry are four zero bytes.
    var end = 32
    while bytes[end..<end + 4] != [0, 0, 0, 0] { end += 16 + (Int(bytes[end]) + 3) / 4 * 4 }
    var expected = bytes
    for index in 0x0C..<0x10 { expected[index] = 0xD1 }
    unsafe expected.withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      unsafe ext2fs_ext_attr_block_rehash(
        start.assumingMemoryBound(to: ext2_ext_attr_header.self),
        start.advanced(by: end).assumingMemoryBound(to: ext2_ext_attr_entry.self)
      )
    }
    #expect(bytes == expected)
    #expect(bytes[0x0C..<0x10] != [0, 0, 0, 0])
  }

  @Test("holds ACLs as e2fsprogs stores them", arguments: [0, 1, 3, 100])
  func accessListsAgree(count: Int) throws {
    let others = (0..<count).map { (tag: 2, permissions: $0 % 8, identifier: Int?(7 + $0 * $0)) }
    let value = accessList(
      [(1, 6, nil)] + others + [(4, 5, nil), (8, 3, 0xFFFF_0001), (16, 7, nil), (32, 0, nil)]
    )
    let files = try TemporaryDirectory()
    let (image, input, output) = (files("image"), files("input"), files("output"))
    try RawPath(image).write([], size: 4 << 20)
    try RawPath(input).write(value)
    try runTool("mke2fs", ["-q", "-b", "4096", image])
    let name = "system.posix_acl_access"
    try runTool("debugfs", ["-w", "-R", "ea_set -f \(input) lost+found \(name)", image])
    try runTool("debugfs", ["-R", "ea_get -r -f \(output) lost+found \(name)", image])
    let list = ExtendedAttribute(name: Array(name.utf8)[...], value: value[...])
    let stored = try #require(StoredAttribute(list))
    #expect(try Array(stored.value) == RawPath(output).read(0..<4096))
  }
}
