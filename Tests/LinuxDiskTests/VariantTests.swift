import DiskModel
import FileTree
import GeneratorKit
import TestSupport
import Testing

@testable import LinuxDiskGenerator

/// What can be chosen beside the type, each judged by e2fsck.
@Suite("linuxdisk's choices", .timeLimit(.minutes(30)))
struct VariantTests {
  /// Sets of parameters that differ in what is on the disk.
  static let variants = [
    "type=ext4 features=metadata_csum",
    "type=ext4 features=metadata_csum,^64bit",
    "type=ext4 features=metadata_csum,metadata_csum_seed,has_journal",
    "type=ext4 features=metadata_csum,^extent",
    "type=ext4 features=metadata_csum,^filetype",
    "type=ext4 features=metadata_csum,^dir_index,^flex_bg",
    "type=ext4 features=^extent,^flex_bg",
    "type=ext4 features=64bit,-uninit_bg",
    "type=ext4 features=^huge_file,^dir_nlink,^extra_isize",
    "type=ext2 features=^dir_index,^filetype",
    "type=ext3 features=^sparse_super,^dir_index journal=5M",
    "type=ext4 journal=12M reserved=5%",
    "type=ext4 features=^extent journal=12M",
    "type=ext2 reserved=20M",
    "type=ext2 block-size=1024",
    "type=ext3 block-size=1024",
    "type=ext4 block-size=1024 features=metadata_csum",
    "type=ext4 block-size=2048 features=metadata_csum,^extent",
    "type=ext3 block-size=2048 inode-size=2048",
    "type=ext2 inode-size=128",
    "type=ext4 inode-size=128 features=metadata_csum",
    "type=ext4 inode-size=4096 features=metadata_csum",
    "type=ext4 block-size=1024 inode-size=1024 features=metadata_csum,^flex_bg",
    "type=ext2 block-size=1024 inode-size=128 features=^sparse_super",
  ]

  /// A tree without targets of symbolic links that small blocks do not hold.
  private static func tree(seed: UInt64) throws -> RandomTree {
    try RandomTree(seed: seed, targetLimit: 1023)
  }

  private static let tree = Result { try tree(seed: 51) }

  @Test("are clean in every variant", arguments: variants)
  func variantsAreClean(variant: String) throws {
    let words = variant.split(separator: " ").map(String.init)
    let disk = try build(Self.tree.get().directory.path, words).disk
    try checkConformance(of: disk, seed: 51, windows: 8)
    try check(partition(of: disk))
  }

  @Test(
    "are clean at every size",
    arguments: variants.filter { $0.contains("sum") || $0.contains("1024") },
    ["size=min", "size=+1", "size=1G", "inodes=+100000", "size=+100M"]
  )
  func sizesAreClean(variant: String, size: String) throws {
    let tree = try RandomTree(seed: 3, targetLimit: 1023)
    let words = variant.split(separator: " ").map(String.init)
    try check(partition(of: try build(tree.directory.path, words + [size]).disk))
  }

  @Test(
    "that contradict are refused with what to do",
    arguments: [
      ("features=metadata_csm", "metadata_csm is no feature; did you mean metadata_csum?"),
      ("features=extents", "ext2 has no extent; type=ext4 has it"),
      ("features=has_journal", "ext2 has no has_journal; type=ext3 or ext4 has it"),
      ("features=quota", "there is no quota here: \(Feature.refused["quota"] ?? "")"),
      ("features=", "an empty name is no feature; "),
      ("features=filetype,^filetype", "turns filetype on and off; say one of them"),
      ("features=^ext_attr", "without ext_attr there are no attributes; add xattrs=skip"),
      ("type=ext4 features=metadata_csum,gdt_csum", "metadata_csum is in place of uninit_bg;"),
      ("type=ext4 features=64bit,^extent", "64bit needs extent"),
      ("type=ext4 features=metadata_csum_seed", "metadata_csum_seed needs metadata_csum"),
      ("type=ext4 inode-size=128 features=extra_isize", "inodes of 128 bytes have no room for"),
      ("type=ext3 features=^has_journal", "ext3 without has_journal is ext2; write type=ext2"),
      ("type=ext4 features=has_journal journal=none", "features= asks for one; leave out one"),
      ("type=ext4 features=^has_journal journal=9M", "features= turns it off; leave out one"),
      ("type=ext3 journal=none", "ext3 without a journal is ext2; write type=ext2"),
      ("journal=4M", "ext2 has no journal; type=ext3 and type=ext4 have one"),
      ("type=ext3 journal=4194303", nil),
      ("type=ext3 journal=4190208", "journals of such blocks have 4 MiB to 39 GiB"),
      ("type=ext3 journal=1T", "journals of such blocks have 4 MiB to 39 GiB"),
      ("type=ext3 journal=big", "\(Size.advice), or none"),
      ("block-size=512", "not one of 1024, 2048, 4096"),
      ("block-size=8192", "not one of 1024, 2048, 4096"),
      ("inode-size=64", "not one of 128, 256, 512, 1024, 2048, 4096"),
      (
        "block-size=1024 inode-size=2048",
        "not one of 128, 256, 512, 1024, for blocks have 1024 bytes"
      ),
      ("reserved=51%", "at most 50% of the filesystem can be reserved"),
      ("reserved=5.25%", "not a percentage, such as 5% or 0.5%"),
      ("reserved=-5%", "not a percentage, such as 5% or 0.5%"),
      ("reserved=all", "\(Size.advice), or a percentage"),
      ("reserved=30M size=32M", "reserved"),
      (
        "layout=gpt size=20T", "ext2 filesystems of such blocks and features have at most 15.9 TiB;"
      ),
      ("type=ext4 layout=gpt size=300T", "ext4 filesystems of such blocks and features have at"),
    ] as [(String, String?)]
  )
  func contradictionsAreRefused(variant: String, message: String?) throws {
    let directory = try TemporaryDirectory()
    let words = variant.split(separator: " ").map(String.init)
    guard let message, message != "reserved" else {
      if message == nil { return try check(partition(of: build(directory.path, words).disk)) }
      let error = #expect(throws: GeneratorError.self) { try build(directory.path, words) }
      #expect(error?.lines.first?.contains("size=60M is enough") == true, "\(error?.lines ?? [])")
      return
    }
    let error = #expect(throws: GeneratorError.self) { try build(directory.path, words) }
    let line = try #require(error?.lines.first)
    #expect(error?.lines.count == 1)
    let parameter = try #require(words.first { line.hasPrefix("\($0): ") }, "\(line)")
    #expect(line.dropFirst(parameter.count + 2).hasPrefix(message), "\(line)")
  }

  @Test(
    "that need more room than there can be are refused",
    arguments: [
      "inodes=+1G block-size=1024 layout=gpt type=ext4 features=^flex_bg,^sparse_super",
      "inodes=+2G block-size=1024 inode-size=1024 layout=gpt",
      "size=+255G features=^sparse_super block-size=2048",
      "size=+15T layout=gpt inodes=+2G inode-size=4096",
    ]
  )
  func tooMuchIsRefused(variant: String) throws {
    let directory = try TemporaryDirectory()
    let words = variant.split(separator: " ").map(String.init)
    let error = #expect(throws: GeneratorError.self) { try build(directory.path, words) }
    let line = try #require(error?.lines.first)
    #expect(line.contains("filesystems of such blocks and features have at most"), "\(line)")
  }

  @Test("leave out what does not fit, each file named")
  func misfitsAreNamed() throws {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory.path)
    try (root / "link").makeSymbolicLink(to: String(repeating: "t", count: 1024))
    try (root / "large").write([], size: 17 << 30)
    func lines(_ words: String...) -> [String] {
      let error = #expect(throws: GeneratorError.self) { try build(directory.path, words) }
      return error?.lines ?? []
    }
    let both = lines("block-size=1024")
    #expect(both.contains { $0.contains("/link: a symbolic link to 1024 bytes;") }, "\(both)")
    #expect(both.contains { $0.contains("/large: too large for ext2") }, "\(both)")
    let one = lines("features=^large_file")
    #expect(one.count == 1 && one[0].contains("large_file holds larger ones"), "\(one)")
    #expect(lines("block-size=1024", "type=ext4").count == 1)
  }
}
