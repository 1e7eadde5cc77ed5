import DiskModel
import Synchronization
import TestSupport
import Testing

@testable import FileTree

/// The tree does not depend on how many threads list its directories.
@Suite struct ScanThreadsTests {
  private func scan(_ path: String, threads: Int) throws -> Tree {
    var options = ScanOptions()
    options.threadCount = threads
    return try TreeScanner.scan(
      path,
      descriptors: DescriptorCache(capacity: 4),
      options: options
    )
  }

  @Test func everyNumberOfThreadsFindsTheSame() throws {
    let path = try MixedTree.shared().root.description
    let tree = try scan(path, threads: 1)
    let digest = TreeDigest.digest(of: tree, with: [])
    for threads in [2, 3, 8, 8, 8] {
      let other = try scan(path, threads: threads)
      #expect(other.nodes.count == tree.nodes.count)
      #expect(TreeDigest.digest(of: other, with: []) == digest)
      #expect(other.nodes.map(\.linkCount) == tree.nodes.map(\.linkCount))
    }
  }

  /// More directories are to be returned to than may be open at a time.
  @Test(arguments: [1, 8])
  func aDeepTreeWithBranchesIsScanned(threads: Int) throws {
    let directory = try TemporaryDirectory()
    var path = RawPath(directory.path)
    for level in 0..<400 {
      for name in ["a", "m", "z"] { try (path / name).makeDirectory() }
      try (path / "z/file").write([UInt8(level % 251)])
      path = path / "m"
    }
    let before = try openDescriptorCount(below: directory.path)
    let tree = try scan(directory.path, threads: threads)
    #expect(tree.nodes.count == 1 + 400 * 4)
    #expect(try openDescriptorCount(below: directory.path) == before + 1)
    for index in tree.nodes.indices where tree.nodes[index].kind == .regular {
      let depth = tree.relativePath(of: index).count { $0 == UInt8(ascii: "m") }
      let content = tree.content(of: index)
      var disk = Disk()
      try disk.append(.source(content.source, offset: content.offset), count: 1)
      #expect(try disk.bytes(0..<1) == [UInt8(depth % 251)])
    }
  }

  @Test func progressIsTold() throws {
    final class Counts: Sendable {
      let all = Mutex<[Int]>([])
    }
    let counts = Counts()
    var options = ScanOptions()
    options.progress = { count in counts.all.withLock { $0.append(count) } }
    let tree = try TreeScanner.scan(
      MixedTree.shared().root.description,
      descriptors: DescriptorCache(capacity: 4),
      options: options
    )
    let all = counts.all.withLock(\.self)
    #expect(all == all.sorted() && all.count > 100)
    #expect(all.last == tree.nodes.count)
  }
}
