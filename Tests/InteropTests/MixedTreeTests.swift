import Foundation
import TestSupport
import Testing

/// A tree with everything in it, read back by e2fsprogs.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct MixedTreeTests {
  @Test("e2fsck has no complaint", arguments: FilesystemType.allCases)
  func checkedByE2fsck(_ type: FilesystemType) throws {
    let complaints = try PartitionImage.mixed(type).complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }

  @Test("debugfs gives back all contents", arguments: FilesystemType.allCases)
  func contents(_ type: FilesystemType) throws {
    let root = try MixedTree.shared().root
    let image = try PartitionImage.mixed(type)
    let copies = try MemoryDirectory()
    // The large file would fill the host's disk: `largeFile` compares it.
    let folders = try root.names().map { String(decoding: $0, as: UTF8.self) }
      .filter { $0 != "large" }
    try Debugfs(image: image.partition).copy(folders.map { "/\($0)" }, to: copies.path)
    let differences = try TreeDifference.between(root, RawPath(copies.path), in: folders)
    #expect(differences.isEmpty, "\(summary(differences))")
  }

  @Test("debugfs tells each file's attributes and links", arguments: FilesystemType.allCases)
  func attributes(_ type: FilesystemType) throws {
    let root = try MixedTree.shared().root
    let debugfs = Debugfs(image: try PartitionImage.mixed(type).partition)
    let files = try root.everythingBelow()
    var inodes = try debugfs.inodes()
    #expect(Set(inodes.keys) == Set(files.map(\.path)), "the names are not the same")
    inodes[RawPath(bytes: [])] = 2

    var differences: [String] = []
    var inodeOfFile: [UInt64: Int] = [:]
    var fileOfInode: [Int: UInt64] = [:]
    var subdirectoryCounts: [RawPath: Int] = [RawPath(bytes: []): 1]
    for (path, facts) in files {
      guard let inode = inodes[path] else { continue }
      if inodeOfFile.updateValue(inode, forKey: facts.inode) ?? inode != inode
        || fileOfInode.updateValue(facts.inode, forKey: inode) ?? facts.inode != facts.inode
      {
        differences.append("\(path): is linked to other names")
      }
      let end = path.bytes.lastIndex(of: 0x2F) ?? 0
      if facts.isDirectory {
        subdirectoryCounts[RawPath(bytes: Array(path.bytes[..<end])), default: 0] += 1
      }
    }

    // All files but for those that are many and alike, of which a few will do.
    let chosen =
      [(RawPath(bytes: []), try root.facts())]
      + files.enumerated().filter { index, file in
        let isOneOfMany = [Array("small/".utf8), Array("wide/".utf8)]
          .contains { file.path.bytes.starts(with: $0) }
        return !isOneOfMany || index % 20 == 0
      }.map { ($0.element.path, $0.element.facts) }
    let found = try debugfs.status(of: chosen.compactMap { inodes[$0.0] })
    for (path, facts) in chosen {
      let count = subdirectoryCounts[path] ?? 0
      let expected = InodeStatus(facts, subdirectoryCount: count)
      guard let inode = inodes[path], var status = found[inode] else { continue }
      if facts.isDirectory { status.size = 0 }
      if status != expected { differences.append("\(path): \(status), not \(expected)") }
    }
    #expect(differences.isEmpty, "\(summary(differences))")
    #expect(chosen.count > (MixedTree.isPrivileged ? 1500 : 1000))
  }

  @Test("debugfs gives back 5 GiB of few bytes", arguments: FilesystemType.allCases)
  func largeFile(_ type: FilesystemType) throws {
    let file = try MixedTree.shared().root / "large/5G"
    let image = try PartitionImage.mixed(type)
    let command = ["-R", "cat /large/5G", image.partition]
    let difference = try SparseComparison(with: file).run("debugfs", command)
    #expect(difference == nil)
  }
}
