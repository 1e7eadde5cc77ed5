import DiskModel
import GeneratorKit
import TestSupport
import Testing

@testable import LinuxDiskGenerator

/// Builds the disk of a tree.
func build(
  _ directory: String,
  _ parameters: String...,
  variables: [String: String] = [:]
) throws -> (disk: Disk, summary: String) {
  try build(directory, parameters, variables: variables)
}

@discardableResult
func build(
  _ directory: String,
  _ parameters: [String],
  variables: [String: String] = [:]
) throws -> (disk: Disk, summary: String) {
  let generated = try LinuxDisk.build(
    try Parameters([directory] + parameters, for: LinuxDisk.manual),
    in: BuildEnvironment(variables: variables, descriptors: DescriptorCache(capacity: 32))
  )
  return (try #require(generated.disk), generated.summary)
}

/// The one partition of a disk.
func partition(of disk: Disk) -> Disk { disk.slice(1 << 20..<disk.size) }

/// Has e2fsck look at a filesystem; it may have nothing to say.
func check(_ filesystem: Disk) throws {
  let directory = try TemporaryDirectory()
  try writeSparse(filesystem, to: directory("filesystem"))
  let report = try runTool("e2fsck", ["-fn", directory("filesystem")])
  let remarks = report.split(separator: "\n").filter { line in
    !line.hasPrefix("Pass ") && !line.contains(" blocks")
  }
  #expect(remarks.isEmpty, "e2fsck: \(report)")
}

@Suite("linuxdisk", .timeLimit(.minutes(30)))
struct LinuxDiskTests {
  @Test("random trees of every type pass e2fsck", arguments: 1...8 as ClosedRange<UInt64>)
  func randomTreesAreClean(seed: UInt64) throws {
    let tree = try RandomTree(seed: seed)
    for type in FilesystemType.allCases {
      let disk = try build(tree.directory.path, "type=\(type.rawValue)").disk
      try checkConformance(of: disk, seed: seed, windows: 8)
      try check(partition(of: disk))
    }
  }

  @Test("the size that an error names is enough", arguments: [11, 12])
  func theNamedSizeIsEnough(seed: UInt64) throws {
    let tree = try RandomTree(seed: seed)
    for type in FilesystemType.allCases {
      let needed = try neededSize(of: tree, type)
      let disk = try build(tree.directory.path, "type=\(type.rawValue)", "size=\(needed)").disk
      #expect(disk.size == needed + 1 << 20)
      try check(partition(of: disk))
    }
  }

  /// The size that the error for one that is far too small suggests.
  private func neededSize(of tree: RandomTree, _ type: FilesystemType) throws -> Int {
    let error = #expect(throws: GeneratorError.self) {
      _ = try build(tree.directory.path, "type=\(type.rawValue)", "size=64K")
    }
    let line = try #require(error?.lines.first)
    let words = line.split { $0 == " " || $0 == ";" }
    let suggestion = try #require(words.last { $0.hasPrefix("size=") })
    return try #require(Size.parse(suggestion.dropFirst(5)))
  }

  @Test("sizes around the bounds of block groups are clean", arguments: FilesystemType.allCases)
  func sizesAroundGroupBoundsAreClean(type: FilesystemType) throws {
    let tree = try RandomTree(seed: 21)
    let group = 128 << 20
    for size in [group - 4096, group, group + 4096, group + 300_000, 2 * group, 3 * group + 1000] {
      let disk = try build(tree.directory.path, "type=\(type.rawValue)", "size=\(size)").disk
      #expect(disk.size == 1 << 20 + (size + 511) / 512 * 512)
      try check(partition(of: disk))
    }
  }

  @Test("an empty directory is a filesystem too", arguments: FilesystemType.allCases)
  func emptyDirectoriesAreServed(type: FilesystemType) throws {
    let directory = try TemporaryDirectory()
    let generated = try build(directory.path, "type=\(type.rawValue)")
    #expect(generated.summary == "\(type.rawValue) filesystem of 0 files")
    try check(partition(of: generated.disk))
  }

  @Test("equal trees give equal disks, different ones different UUIDs")
  func disksAreReproducible() throws {
    let (first, second) = (try RandomTree(seed: 31), try RandomTree(seed: 31))
    try runTool("touch", ["-d", "2020-01-01", first.directory.path, second.directory.path])
    for tree in [first, second] {
      try runTool("find", [tree.directory.path, "-exec", "touch", "-hd", "2020-01-01", "{}", "+"])
    }
    let disks = try [first, second].map { try build($0.directory.path).disk }
    let superblocks = try disks.map { try $0.bytes((1 << 20) + 1024..<(1 << 20) + 2048) }
    #expect(superblocks[0] == superblocks[1])
    #expect(disks[0].size == disks[1].size)
    try runTool("touch", ["-hd", "2021-01-01", second.directory.path])
    let changed = try build(second.directory.path).disk
    let superblock = try changed.bytes((1 << 20) + 1024..<(1 << 20) + 2048)
    #expect(superblock[0x68..<0x78] != superblocks[0][0x68..<0x78])
  }

  @Test("SOURCE_DATE_EPOCH is when the filesystem was made")
  func theTimeCanBeGiven() throws {
    let directory = try TemporaryDirectory()
    let disk = try build(directory.path, variables: ["SOURCE_DATE_EPOCH": "1000000000"]).disk
    let time = try disk.bytes((1 << 20) + 1024 + 0x108..<(1 << 20) + 1024 + 0x10C)
    #expect(time == [0x00, 0xCA, 0x9A, 0x3B])
    #expect(throws: GeneratorError.self) {
      _ = try build(directory.path, variables: ["SOURCE_DATE_EPOCH": "yesterday"])
    }
  }

  @Test(
    "wrong values are refused with what to do",
    arguments: [
      ("type=btrfs", "type=btrfs: not one of ext2, ext3, ext4"),
      ("size=12q", "size=12q: \(Size.advice)"),
      ("size=-1", "size=-1: \(Size.advice)"),
      ("size=+", "size=+: \(Size.advice)"),
      ("size=3T", "size=3T: an MBR partition holds up to 2 TiB; layout=gpt holds more"),
      ("layout=lvm", "layout=lvm: not one of mbr, gpt, none"),
      ("inodes=5", "inodes=5: not a number of inodes beyond the tree's, such as +1000"),
      ("inodes=+x", "inodes=+x: not a number of inodes beyond the tree's, such as +1000"),
      ("uuid=1", "uuid=1: not a UUID, such as 6D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F11"),
      (
        "uuid=6D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F1",
        "uuid=6D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F1: not a UUID, such as "
          + "6D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F11"
      ),
      (
        "uuid=+D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F11",
        "uuid=+D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F11: not a UUID, such as "
          + "6D0A9C3E-6C3F-4B60-9B6F-0A6C5D2B7F11"
      ),
      (
        "label=seventeen bytes..",
        "label=seventeen bytes..: has 17 bytes; a label has at most 16"
      ),
      ("lable=x", "lable=x: linuxdisk has no such parameter; did you mean label=?"),
    ]
  )
  func wrongValuesAreRefused(parameter: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: GeneratorError.self) { _ = try build(directory.path, parameter) }
    #expect(error?.lines == [message])
  }
}
