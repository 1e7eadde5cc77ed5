import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FileTree

/// In memory, for other filesystems may have no room for long values, or no
/// namespace for root's.
struct AttributeTests {
  private let directory: MemoryDirectory
  private var root: RawPath { RawPath(directory.path) }

  init() throws { directory = try MemoryDirectory() }

  private func attributes(of path: String, in tree: Tree) throws -> [String: [UInt8]] {
    let set = tree.attributeSets[Int(try tree.node(path).attributes)]
    var found: [String: [UInt8]] = [:]
    for attribute in set.attributes {
      found[String(decoding: attribute.name, as: UTF8.self)] = Array(attribute.value)
    }
    return found
  }

  @Test func everythingHasItsAttributes() throws {
    try root.setAttribute("user.root", [1])
    try (root / "folder").makeDirectory()
    try (root / "folder/file").write([1])
    try (root / "folder/link").makeSymbolicLink(to: "file")
    try (root / "fifo").makeNode(0o010600)
    for size in [0, 1, 255, 256, 257, 5000, 65536] {
      let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) }
      try (root / "folder/file").setAttribute("user.\(size)", value)
    }
    try (root / "folder").setAttribute("user.empty", [])
    if MixedTree.isPrivileged {
      for name in ["folder/link", "fifo"] { try (root / name).setAttribute("trusted.it", [2, 3]) }
    }
    let tree = try TreeScanner.scan(directory.path)
    for path in ["", "folder", "folder/file", "folder/link", "fifo"] {
      let expected = try (path.isEmpty ? root : root / path).attributes()
      #expect(try attributes(of: path, in: tree) == expected, "\(path)")
    }
    #expect(try attributes(of: "folder/file", in: tree).count == 7)
  }

  @Test func manyAttributesAreListed() throws {
    try (root / "file").write()
    for number in 0..<100 { try (root / "file").setAttribute("user.number-\(number)", [1]) }
    let tree = try TreeScanner.scan(directory.path)
    #expect(try attributes(of: "file", in: tree) == (root / "file").attributes())
  }

  @Test func equalSetsAreKeptOnce() throws {
    for (name, order) in [("a", ["user.x", "user.y"]), ("b", ["user.y", "user.x"]), ("c", [])] {
      try (root / name).write()
      for attribute in order { try (root / name).setAttribute(attribute, [5]) }
    }
    let tree = try TreeScanner.scan(directory.path)
    #expect(tree.attributeSets.count == 2)
    #expect(tree.attributeSets[0].isEmpty)
    #expect(try ["a", "b", "c"].map { try tree.node($0).attributes } == [1, 1, 0])
  }

  @Test func attributesAreLeftOutOnDemand() throws {
    try root.setAttribute("user.root", [1])
    let descriptors = DescriptorCache(capacity: 4)
    var options = ScanOptions()
    options.readsAttributes = false
    let tree = try TreeScanner.scan(
      directory.path,
      descriptors: descriptors,
      options: options
    )
    #expect(tree.attributeSets.count == 1)
    #expect(tree.nodes[0].attributes == 0)
  }

  @Test func digestsTellAttributesApart() throws {
    try (root / "file").write()
    try (root / "file").setModified(1_000_000_000)
    func digest() throws -> [UInt8] {
      try root.setModified(1_000_000_000)
      return TreeDigest.digest(of: try TreeScanner.scan(directory.path), with: [])
    }
    var digests = [try digest()]
    try (root / "file").setAttribute("user.a", [1])
    digests.append(try digest())
    try (root / "file").setAttribute("user.a", [2])
    digests.append(try digest())
    try root.setAttribute("user.a", [2])
    digests.append(try digest())
    #expect(Set(digests).count == 4)
  }

  @Test func unreadableAttributesAreNamed() async throws {
    let folder = root / "folder"
    try folder.makeDirectory()
    try folder.setAttribute("user.secret", [1])
    try folder.setPermissions(0o311)
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      if geteuid() == 0 { _ = seteuid(65534) }
      // LeakSanitizer needs the rights to look at the process.
      defer { _ = seteuid(getuid()) }
      let failure = #expect(throws: ScanFailure.self) { _ = try TreeScanner.scan(path) }
      let problem = try #require(failure?.problems.first)
      #expect(problem.path == path + "/folder")
      #expect(problem.cause == "extended attributes: Permission denied")
    }
  }

  @Test(arguments: [
    ("user.x", true), ("trusted.overlay.opaque", true), ("security.ima", true),
    ("system.posix_acl_access", true), ("system.posix_acl_default", true),
    ("system.nfs4_acl", false), ("btrfs.compression", false), ("user", false), ("ceph.dir", false),
    ("system.posix_acl_accessory", false), ("", false),
  ])
  func whatTheHostsFilesystemKnowsIsNotPortable(name: String, isPortable: Bool) {
    let attribute = ExtendedAttribute(name: Array(name.utf8)[...], value: [])
    #expect(attribute.isPortable == isPortable)
  }

  @Test func setsHoldWhatTheyAreMadeOf() {
    let long = ExtendedAttribute(
      name: [UInt8](repeating: 0x6E, count: 255)[...],
      value: [UInt8](repeating: 9, count: 70_000)[...]
    )
    let short = ExtendedAttribute(name: [0x61], value: [])
    let set = AttributeSet([long, short])
    #expect(set.attributes == [short, long])
    #expect(set == AttributeSet([short, long]))
    #expect(AttributeSet([]).attributes.isEmpty)
  }
}
