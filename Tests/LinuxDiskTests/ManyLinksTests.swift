import DiskModel
import FileTree
import TestSupport
import Testing

@testable import LinuxDiskGenerator

/// Files with more names than an inode may have.
@Suite("Files with very many hard links", .timeLimit(.minutes(30)))
struct ManyLinksTests {
  /// A regular file, a fifo and a symbolic link, and how many names each has; the names
  /// of each are in both of two directories.
  private static let counts = [("file", 130_001), ("fifo", 65_000), ("link", 65_001)]

  private static let content = [UInt8](repeating: 0x61, count: 9000)

  private static let directory = Result {
    let directory = try MemoryDirectory.shared()
    for folder in ["a", "b"] { try (directory / folder).makeDirectory() }
    try (directory / "a/file").write(content)
    try (directory / "a/file").setAttribute("user.large", [UInt8](repeating: 1, count: 300))
    try (directory / "a/fifo").makeNode(0o010600)
    try (directory / "a/link").makeSymbolicLink(to: String(repeating: "t", count: 100))
    for (name, count) in counts {
      for number in 1..<count {
        let path = directory / "\(number % 2 == 0 ? "a" : "b")/\(name)\(number)"
        try path.makeHardLink(to: directory / "a/\(name)")
      }
    }
    return directory
  }

  @Test(
    "are clean disks",
    arguments: ["type=ext2", "type=ext3 block-size=1024", "type=ext4 features=metadata_csum"]
  )
  func disksAreClean(variant: String) throws {
    let words = variant.split(separator: " ").map(String.init)
    try check(partition(of: try build("\(Self.directory.get())", words).disk))
  }

  @Test("have as many inodes as they need, and each name leads to one of theirs")
  func namesAreShared() throws {
    let path = "\(try Self.directory.get())"
    let tree = try TreeScanner.scan(path, descriptors: DescriptorCache(capacity: 4))
    let numbering = InodeNumbering(tree)
    #expect(numbering.fileCount == tree.nodes.count + 3)
    #expect(numbering.further.fileCount == 2)
    var nameCounts: [Int: Int] = [:]
    for (number, entry) in tree.entries.enumerated() {
      let node = Int(entry.node)
      let inode = numbering.inode(of: node, namedBy: number)
      guard case .file(let file) = numbering.owner(of: inode) else {
        Issue.record("inode \(inode) is for no file")
        continue
      }
      #expect(numbering.node(ofFile: file) == node)
      if tree.nodes[node].kind != .directory { nameCounts[file, default: 0] += 1 }
    }
    #expect(nameCounts.values.sorted() == [1, 1, 65_000, 65_000, 65_000, 65_000])
    for (file, count) in nameCounts {
      #expect(numbering.linkCount(ofFile: file, in: tree) == count)
    }
    #expect(numbering.owner(of: numbering.last + 1) == .unused)
  }

  @Test("show the same content and attributes under every name")
  func contentIsTheSame() throws {
    let disk = partition(of: try build("\(Self.directory.get())", "type=ext4").disk)
    let directory = try TemporaryDirectory()
    let image = directory("image")
    try writeSparse(disk, to: image)
    for name in ["a/file", "a/file2", "b/file1", "b/file99999", "b/file129999"] {
      try runTool("debugfs", ["-R", "dump \(name) \(directory("copy"))", image])
      #expect(try RawPath(directory("copy")).read(0..<10_000) == Self.content)
      let attributes = try runTool("debugfs", ["-R", "ea_list \(name)", image])
      #expect(attributes.contains("user.large (300)"), "\(attributes)")
    }
    let status = try runTool("debugfs", ["-R", "stat a/link65000", image])
    #expect(status.contains("Type: symlink") && status.contains("Size: 100"), "\(status)")
  }
}
