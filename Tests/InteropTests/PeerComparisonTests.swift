import Foundation
import TestSupport
import Testing

/// What `mke2fs -d` 1.47.0 fails on or loses, beside what nbdgen makes of the same tree.
///
/// That nbdgen is right is what these tests want; where a newer mke2fs does better than
/// its predecessor, they say so and go on.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct PeerComparisonTests {
  /// A tree, and the filesystems that both programs make of it.
  private struct Case {
    let directory: MemoryDirectory
    var root: RawPath { RawPath(directory.path) / "tree" }
    var ours: String { directory.path + "/ours" }
    var theirs: String { directory.path + "/theirs" }

    init() throws {
      directory = try MemoryDirectory()
      try root.makeDirectory()
    }

    /// Has nbdgen make its filesystem, which has to be clean.
    func makeOurs(_ words: String...) throws {
      let variant = Variant(.ext4)
      try variant.copy(root, to: ours, words)
      let complaints = try Variant.complaints(of: ours)
      #expect(complaints.isEmpty, "\(summary(complaints))")
    }

    /// Has mke2fs make its filesystem, as its manual says and others run it: as large as
    /// `du` says that the tree is, and a tenth more, and `extra` KiB.
    func makeTheirs(extra: Int = 2048) throws -> Outcome {
      let line = """
        size=$(du -s -k --apparent-size tree | cut -f1)
        size=$((size + size / 10 + \(extra)))
        truncate -s ${size}K theirs
        mke2fs -q -F -t ext4 -d tree theirs
        """
      return try Program.shell(line, directory: directory.path)
    }

    /// What debugfs says of an inode.
    func status(_ path: String, in image: String) throws -> String {
      try Program("debugfs").succeed(["-R", "stat \(path)", image]).text
    }

    func inode(_ path: String, in image: String) throws -> Substring {
      let match = try status(path, in: image).firstMatch(of: /Inode: ([0-9]+)/)
      return try #require(match, "\(path) is not there").1
    }

    func read(_ path: String, in image: String) throws -> [UInt8] {
      try Program("debugfs").succeed(["-R", "cat \(path)", image]).output
    }
  }

  /// Notes that mke2fs does as its 1.47.0 did, or better.
  private func compare(_ isAsBefore: Bool, _ deed: String) {
    if !isAsBefore { print("mke2fs, perhaps a newer one, no longer \(deed)") }
  }

  @Test("Paths of thousands of bytes, at which mke2fs aborts")
  func longPaths() throws {
    let example = try Case()
    let line = "for i in $(seq 1500); do mkdir level; cd -P level; done; echo deep down >file"
    #expect(try Program.shell(line, directory: "\(example.root)").status == 0)
    compare(try example.makeTheirs(extra: 16 << 10).status != 0, "aborts on long paths")
    // Without gaps between the numbers of inodes.
    try example.makeOurs("size=min")
    // Behind lost+found, which is 11, and the levels.
    #expect(try example.read("<1512>", in: example.ours) == Array("deep down\n".utf8))
    let last = try Program("debugfs").succeed(["-R", "ls -p <1511>", example.ours]).text
    #expect(last.contains("/1512/100644/") && last.contains("/1510/"), "\(last)")
  }

  @Test("A symbolic link to 4,095 bytes, on which mke2fs fails")
  func longLinks() throws {
    let example = try Case()
    let target =
      String(repeating: "0123456789abcde/", count: 255) + String(repeating: "x", count: 15)
    try (example.root / "link").makeSymbolicLink(to: target)
    let peer = try example.makeTheirs()
    compare(peer.status != 0, "fails on long symbolic links")
    try example.makeOurs()
    #expect(try example.read("link", in: example.ours).starts(with: Array(target.utf8)))
  }

  @Test("An extended attribute of more than 1 KiB, on which mke2fs fails or which it loses")
  func largeAttributes() throws {
    let example = try Case()
    try (example.root / "file").write()
    let value = [UInt8](repeating: 0x61, count: 2000)
    try (example.root / "file").setAttribute("user.large", value)
    let peer = try example.makeTheirs()
    let command = ["-R", "ea_get file user.large"]
    let kept = try Program("debugfs").run(command + [example.theirs]).output
    compare(peer.status != 0 || !kept.starts(with: value), "fails on large attributes")
    try example.makeOurs()
    #expect(
      try Program("debugfs").succeed(command + [example.ours]).text.contains(
        String(repeating: "a", count: 2000)
      )
    )
  }

  @Test("20,000 empty files, for which mke2fs has too little room")
  func manyFiles() throws {
    let example = try Case()
    for number in 0..<20_000 { try (example.root / "\(number)").write() }
    let peer = try example.makeTheirs()
    compare(peer.status != 0, "lacks room for many small files")
    try example.makeOurs()
    let listing = try Program("debugfs").succeed(["-R", "ls -p /", example.ours]).text
    #expect(listing.split(separator: "\n").count == 20_000 + 3)
    #expect(try example.status("/", in: example.ours).contains("Flags: 0x81000"))
  }

  @Test("Nanoseconds, which mke2fs loses, and years after 2038, which it gets wrong")
  func times() throws {
    let example = try Case()
    try (example.root / "exact").write()
    try (example.root / "exact").setModified(1_234_567_890, 123_456_789)
    try (example.root / "far").write()
    try (example.root / "far").setModified(5_000_000_000, 0)
    #expect(try example.makeTheirs().status == 0)
    try example.makeOurs()
    // Nanoseconds are above the two bits for the epoch: 123,456,789 << 2.
    func has(_ fields: String, _ name: String, _ image: String) throws -> Bool {
      try example.status(name, in: image).contains("mtime: \(fields)")
    }
    compare(try !has("0x499602d2:1d6f3454", "exact", example.theirs), "loses nanoseconds")
    #expect(try has("0x499602d2:1d6f3454", "exact", example.ours))
    // 5,000,000,000 is 1 << 32 and 0x2a05f200.
    compare(try !has("0x2a05f200:00000001", "far", example.theirs), "gets late years wrong")
    #expect(try has("0x2a05f200:00000001", "far", example.ours))
  }

  @Test("Mode and owner of the root, which mke2fs drops")
  func rootAttributes() throws {
    let example = try Case()
    try example.root.setPermissions(0o3750)
    let isPrivileged = MixedTree.isPrivileged
    if isPrivileged { try example.root.setOwner(1234, 70_000) }
    #expect(try example.makeTheirs().status == 0)
    try example.makeOurs()
    func isRight(_ image: String) throws -> Bool {
      let status = try example.status("/", in: image)
      let owner = status.contains(/User: +1234 +Group: 70000/) || !isPrivileged
      return owner && status.contains(/Mode: +03750/)
    }
    compare(try !isRight(example.theirs), "drops the root's mode and owner")
    #expect(try isRight(example.ours))
  }

  @Test("Two names of one symbolic link, of which mke2fs makes two links")
  func linkedLinks() throws {
    let example = try Case()
    try (example.root / "one").makeSymbolicLink(to: "target")
    try (example.root / "two").makeHardLink(to: example.root / "one")
    #expect(try example.makeTheirs().status == 0)
    try example.makeOurs()
    func areOne(_ image: String) throws -> Bool {
      try example.inode("one", in: image) == example.inode("two", in: image)
    }
    compare(try !areOne(example.theirs), "splits hard links of symbolic links")
    #expect(try areOne(example.ours))
  }

  @Test("A directory of 2,000 names, which mke2fs leaves without an index")
  func largeDirectories() throws {
    let example = try Case()
    let folder = example.root / "many"
    try folder.makeDirectory()
    for number in 0..<2000 { try (folder / "a longer name \(number)").write([1]) }
    #expect(try example.makeTheirs(extra: 32 << 10).status == 0)
    try example.makeOurs()
    // EXT4_INDEX_FL, beside EXT4_EXTENTS_FL.
    func isIndexed(_ image: String) throws -> Bool {
      try example.status("many", in: image).contains("Flags: 0x81000")
    }
    compare(try !isIndexed(example.theirs), "leaves large directories without an index")
    #expect(try isIndexed(example.ours))
  }
}
