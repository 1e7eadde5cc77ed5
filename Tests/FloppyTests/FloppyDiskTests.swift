import DiskModel
import FileTree
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import FloppyGenerator

/// Builds the disk of a tree.
func build(
  _ directory: String,
  _ parameters: String...,
  variables: [String: String] = [:]
) throws -> (disk: Disk, notes: [String]) {
  let generated = try FloppyDisk.build(
    try Parameters([directory] + parameters, for: FloppyDisk.manual),
    in: BuildEnvironment(variables: variables, descriptors: DescriptorCache(capacity: 32))
  )
  return (try #require(generated.disk), generated.notes)
}

/// The lines of the error that building gives.
func errorLines(_ directory: String, _ parameters: String...) -> [String] {
  do throws(GeneratorError) {
    _ = try FloppyDisk.build(
      try Parameters([directory] + parameters, for: FloppyDisk.manual),
      in: BuildEnvironment(variables: [:], descriptors: DescriptorCache(capacity: 32))
    )
    return []
  } catch {
    return error.lines
  }
}

/// Has fsck.fat look at a filesystem; it may have nothing to say.
func check(_ filesystem: Disk, _ comment: Comment? = nil) throws {
  let directory = try TemporaryDirectory()
  try writeSparse(filesystem, to: directory("filesystem"))
  let report = try runTool("fsck.fat", ["-n", directory("filesystem")])
  #expect(report.split(separator: "\n").count == 2, "\(report) \(comment?.rawValue ?? "")")
}

struct FloppyDiskTests {
  /// A tree with a file of each size.
  private func tree(_ sizes: [Int]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (number, size) in sizes.enumerated() {
      try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: directory("f\(number)")))
    }
    return directory
  }

  @Test(
    "Cluster counts make the type, up to their bounds",
    arguments: [
      (FATType.fat12, 4084), (.fat16, 4085), (.fat16, 65_524), (.fat32, 65_525),
    ]
  )
  func bounds(type: FATType, count: Int) throws {
    let slots = type == .fat32 ? 0 : 512
    let geometry = Geometry(type, sectorsPerCluster: 1, rootSlots: slots, clusterCount: count)
    #expect(geometry.isConsistent && geometry.clusterCount == count)
    for other in FATType.allCases where other != type {
      #expect(!other.clusterCounts.contains(count))
    }
    let same = Geometry(
      type,
      sectorsPerCluster: 1,
      rootSlots: slots,
      totalSectors: geometry.totalSectors
    )
    #expect(same.isConsistent && same.clusterCount == count)
  }

  @Test("Tables of any size have an entry for each cluster", arguments: FATType.allCases)
  func tablesSuffice(type: FATType) {
    for sectors in stride(from: 128, to: 5_000_000, by: 997) {
      for clusterSectors in [1, 8, 64] {
        let geometry = Geometry(
          type,
          sectorsPerCluster: clusterSectors,
          rootSlots: type == .fat32 ? 0 : 512,
          totalSectors: sectors
        )
        guard geometry.clusterCount > 0 else { continue }
        let needed = type.tableSectors(clusterCount: geometry.clusterCount)
        #expect(needed <= geometry.tableSectors && geometry.tableSectors <= needed + 1)
      }
    }
  }

  @Test("Floppy formats are the real ones", arguments: FloppyFormat.all)
  func floppies(format: FloppyFormat) throws {
    let tree = try tree([0, 1, 5000])
    let disk = try build(tree.path, "size=\(format.size)").disk
    #expect(disk.size == format.size)
    let sector = try disk.bytes(0..<512)
    #expect(sector[21] == format.medium.descriptor && sector[36] == 0)
    #expect(Int(sector[22]) == format.tableSectors && Int(sector[13]) == format.sectorsPerCluster)
    #expect(Int(sector[17]) == format.rootSlots && sector[510...] == [0x55, 0xAA])
    try check(disk)
  }

  @Test("What fits exactly fits, and no more does", arguments: FATType.allCases)
  func exactFit(type: FATType) throws {
    let tree = try tree([512 * 600, 512 * 400, 1])
    let word = "type=\(type.rawValue)"
    let disk = try build(tree.path, word, "size=+0", "layout=none", "cluster=512").disk
    try check(disk)
    let exact = try build(tree.path, word, "size=\(disk.size)", "layout=none", "cluster=512").disk
    try check(exact)
    if type == .fat12 {
      let lines = errorLines(tree.path, word, "size=\(1 << 16)", "layout=none", "cluster=64K")
      #expect(lines.first?.contains("too small for the tree; size=") == true, "\(lines)")
    }
    let smaller = "size=\(disk.size - 512)"
    let lines = errorLines(tree.path, word, smaller, "layout=none", "cluster=512")
    let least = type.clusterCounts.lowerBound
    let reason = type == .fat12 ? " for the tree" : ": \(type.name) has at least \(least) clusters"
    #expect(lines == ["\(smaller): too small\(reason); size=\(disk.size) is enough"])
  }

  @Test(
    "Any size will do",
    arguments: [
      1 << 16, 100_000, 1_700_000, 2_880 << 10, 2_949_121, 4_200_000, 16 << 20, 33 << 20, 100 << 20,
      512 << 20, 600_000_001, 1 << 40, 1 << 41,
    ]
  )
  func sizes(size: Int) throws {
    let tree = try tree([0, 100, 3000])
    for layout in ["none", "auto", "mbr", "gpt"] where layout != "gpt" || size > 2 << 20 {
      let disk = try build(tree.path, "size=\(size)", "layout=\(layout)").disk
      #expect(disk.size == size)
      let table = try disk.bytes(446..<462)
      let sectors = (8..<12).reduce(0) { $0 | Int(table[$1]) << (8 * ($1 - 8)) }
      let isPlain = layout == "none" || layout == "auto" && size <= 2880 << 10
      let start = isPlain ? 0 : layout == "gpt" ? 2048 : sectors
      let boot = try disk.bytes(start * 512..<start * 512 + 512)
      #expect((28..<32).reduce(0) { $0 | Int(boot[$1]) << (8 * ($1 - 28)) } == start)
      if size < 1 << 40 {
        // A GPT's end is not the filesystem's.
        let end = disk.size / 512 * 512 - (layout == "gpt" ? 33 * 512 : 0)
        try check(disk.slice(start * 512..<end), "\(size) \(layout)")
      }
    }
  }

  @Test("Equal trees are equal disks, and have their numbers from the tree")
  func determinism() throws {
    let (first, second) = (try tree([10, 20]), try tree([10, 20]))
    for path in [first.path, second.path] {
      for name in ["", "f0", "f1"] {
        let date = Date(timeIntervalSince1970: 1_000_000_000)
        try FileManager.default.setAttributes(
          [.modificationDate: date],
          ofItemAtPath: path + "/" + name
        )
      }
    }
    let disks = try [first, second].map { try build($0.path, "layout=gpt").disk }
    #expect(try disks[0].bytes(0..<disks[0].size) == disks[1].bytes(0..<disks[1].size))
    let labelled = try build(first.path, "label=x", "layout=none").disk
    let other = try build(first.path, "label=y", "layout=none").disk
    #expect(try labelled.bytes(39..<43) != other.bytes(39..<43))
    let given = try build(first.path, "volume-id=1234-abCD", "layout=none").disk
    #expect(try given.bytes(39..<43) == [0xCD, 0xAB, 0x34, 0x12])
  }

  @Test("SOURCE_DATE_EPOCH is when the label was written")
  func labelTime() throws {
    let tree = try tree([10])
    let disk = try build(
      tree.path,
      "label=x",
      "size=1440K",
      variables: ["SOURCE_DATE_EPOCH": "1000000000"]
    ).disk
    // 2001-09-09 01:46:40, in the first entry of the root directory.
    let entry = try disk.bytes(19 * 512..<19 * 512 + 32)
    #expect(entry[11] == 8 && entry[22..<26] == [0xD4, 0x0D, 0x29, 0x2B])
    #expect(throws: GeneratorError.self) {
      try build(tree.path, variables: ["SOURCE_DATE_EPOCH": "x"])
    }
  }

  @Test("A boot sector's code and signature are taken, the BPB is not")
  func bootSector() throws {
    let tree = try tree([10])
    let directory = try TemporaryDirectory()
    var code = (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    code.replaceSubrange(0..<3, with: [0xEB, 0x3C, 0x90])
    try Data(code).write(to: URL(fileURLWithPath: directory("boot")))
    let parameter = "bootsector=\(directory("boot"))"
    let plain = try build(tree.path, "size=1440K").disk.bytes(0..<512)
    let sector = try build(tree.path, "size=1440K", parameter).disk.bytes(0..<512)
    #expect(sector[..<11] == code[..<11] && sector[62...] == code[62...])
    #expect(sector[11..<62] == plain[11..<62])
    let lines = errorLines(tree.path, "type=fat32", parameter)
    #expect(lines.first?.contains("jumps to byte 62, where FAT32 has its BPB") == true, "\(lines)")
    for (size, first) in [(511, 0xEB), (513, 0xEB), (512, 0x90)] as [(Int, UInt8)] {
      let bad = [first] + [UInt8](repeating: 0x3C, count: size - 1)
      try Data(bad).write(to: URL(fileURLWithPath: directory("bad")))
      #expect(errorLines(tree.path, "bootsector=\(directory("bad"))").count == 1)
    }
  }
}
