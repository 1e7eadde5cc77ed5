import Foundation
import TestSupport
import Testing

/// Indexed directories, judged by e2fsprogs.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct IndexedDirectoryTests {
  @Test("e2fsck has no complaint of any size", arguments: FilesystemType.allCases)
  func checkedByE2fsck(_ type: FilesystemType) throws {
    let image = try PartitionImage(of: IndexedTree.sizes.get(), ["type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    for count in IndexedTree.counts {
      let nodes = try Self.nodes(of: "/long-\(count)", in: image)
      let leafCount = (count + 14) / 15
      switch leafCount {
      case 1: #expect(nodes == [])
      case ...508: #expect(nodes == [.init(levels: 0, count: leafCount, limit: 508)])
      default:
        let children = stride(from: 0, to: leafCount, by: 511).map { min(511, leafCount - $0) }
        let lower = children.map { Node(levels: nil, count: $0, limit: 511) }
        #expect(nodes == [.init(levels: 1, count: lower.count, limit: 508)] + lower)
      }
    }
    #expect(try Self.nodes(of: "/short", in: image).isEmpty)
    for name in ["/", "/short-and-more", "/pairs", "/bytes", "/lost+found"] {
      #expect(try Self.nodes(of: name, in: image).first?.levels == 0, "\(name)")
    }
    // Where a pair of names with equal hashes is split, the lowest bit is set.
    let continued = try Self.dump("/pairs", in: image, lines: "Hash 0x.......[13579bdf], block")
    #expect(continued.count > 10)
  }

  @Test("e2fsck has no complaint of 100,000 names", arguments: FilesystemType.allCases)
  func manyNames(_ type: FilesystemType) throws {
    let image = try PartitionImage(of: IndexedTree.many.get(), ["type=\(type)"])
    let complaints = try image.complaints()
    #expect(complaints.isEmpty, "\(summary(complaints))")
    let nodes = try Self.nodes(of: "/many", in: image)
    // 256 names of 5 to 8 bytes in a block, and of 9 and 10 bytes 204.
    #expect(nodes.count == 1 && (391...491).contains(nodes[0].count), "\(nodes)")
  }

  @Test("e2fsck would notice if hashes were wrong")
  func wrongHashesAreNoticed() throws {
    let image = try PartitionImage(of: IndexedTree.sizes.get())
    try Program("debugfs").succeed([
      "-w", "-R", "ssv hash_seed 01234567-89ab-cdef-0123-456789abcdef", image.partition,
    ])
    let complaints = try image.complaints()
    #expect(complaints.contains { $0.contains("HTREE") }, "\(summary(complaints))")
  }

  /// A node of an index, as `debugfs` shows it.
  private struct Node: Equatable {
    /// Levels below it; `nil` if it is not the root.
    var levels: Int?
    var count: Int
    var limit: Int
  }

  /// The nodes of a directory's index, from the root on; none without an index.
  private static func nodes(of path: String, in image: PartitionImage) throws -> [Node] {
    let lines = try dump(path, in: image, lines: "^(Number of entries|.*Indirect levels:)")
    var nodes: [Node] = []
    var levels: Int?
    var count = 0
    for line in lines {
      let number = try #require(line.split(separator: " ").last.flatMap { Int($0) }, "\(line)")
      if line.contains("Indirect levels") {
        levels = number
      } else if line.contains("(count)") {
        count = number
      } else {
        nodes.append(Node(levels: levels, count: count, limit: number))
        levels = nil
      }
    }
    return nodes
  }

  /// The lines of `debugfs htree_dump` that match a pattern of `grep`.
  private static func dump(
    _ path: String,
    in image: PartitionImage,
    lines pattern: String
  ) throws -> [String] {
    let command = "debugfs -R 'htree_dump \(path)' '\(image.partition)' | grep -aE '\(pattern)'"
    return try Program.shell(command).lines
  }
}
