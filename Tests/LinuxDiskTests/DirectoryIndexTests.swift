import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("The index of a directory")
struct DirectoryIndexTests {
  private typealias Key = DirectoryIndex.Key

  private static let shape = DirectoryIndex.Shape(Format(.ext2))

  /// A leaf and the hashes that lead to it, as a walk from the root finds it.
  private struct Leaf {
    var block: Int
    /// The leaf's own hash, with its lowest bit; 0 for the first.
    var hash: UInt32
    var entries: ArraySlice<UInt32>
  }

  /// All leaves in the order of the tree.
  private func leaves(of index: DirectoryIndex) throws -> [Leaf] {
    func hashesAndBlocks(_ children: DirectoryIndex.Children) -> [(hash: UInt32, block: Int)] {
      (0..<children.count).map { child in
        let hash = child == 0 ? 0 : index.hash(ofChild: child, in: children)
        return (hash, children.firstBlock + child)
      }
    }
    guard case .root(let top) = index.block(0) else { throw ToolFailure("block 0 is no root") }
    #expect((1...Self.shape.rootLimit).contains(top.count))
    var found: [Leaf] = []
    for (hash, block) in hashesAndBlocks(top) {
      switch index.block(block) {
      case .root:
        throw ToolFailure("block \(block) is a root")
      case .leaf(let entries):
        #expect(index.levelCount == 0)
        found.append(Leaf(block: block, hash: hash, entries: entries))
      case .node(let children):
        #expect(index.levelCount == 1)
        #expect((1...Self.shape.nodeLimit).contains(children.count))
        for (number, child) in hashesAndBlocks(children).enumerated() {
          guard case .leaf(let entries) = index.block(child.block) else {
            throw ToolFailure("block \(child.block) is no leaf")
          }
          found.append(
            Leaf(block: child.block, hash: number == 0 ? hash : child.hash, entries: entries)
          )
        }
      }
    }
    return found
  }

  @Test(
    "leads to every entry, whatever its size",
    arguments: [
      1, 2, 507, 508, 509, 510, 511, 512, 1022, 1023, 508 * 511,
    ]
  )
  func everyEntryIsReached(leafCount: Int) throws {
    // Names so long that each has a leaf of its own.
    var random = SeededGenerator(seed: UInt64(leafCount))
    let hashes = (0..<leafCount).map { _ in random.next(upperBound: UInt32(1 << 31)) << 1 }
    let keys = hashes.enumerated().map { Key(hash: $0.element, entry: $0.offset + 2) }
    let index = try #require(DirectoryIndex(keys, Self.shape) { _ in 4096 - 8 })
    #expect(index.leafCount == leafCount)
    #expect(index.levelCount == (leafCount <= 508 ? 0 : 1))
    let leaves = try leaves(of: index)
    let nodeCount = leafCount <= 508 ? 0 : (leafCount + 510) / 511
    #expect(index.blockCount == 1 + nodeCount + leafCount)
    #expect(leaves.map(\.block) == Array(1 + nodeCount..<index.blockCount))
    #expect(leaves.allSatisfy { $0.entries.count == 1 })
    let order = leaves.flatMap(\.entries).map { Int($0) - 2 }
    #expect(Set(order).count == leafCount)
    var faults = 0
    for (position, leaf) in leaves.enumerated().dropFirst() {
      let hash = min(hashes[order[position]], 0xFFFF_FFFC)
      let last = min(hashes[order[position - 1]], 0xFFFF_FFFC)
      if hash < last || leaf.hash != hash | (hash == last ? 1 : 0) { faults += 1 }
    }
    #expect(faults == 0)
  }

  @Test("has no more leaves than two levels of nodes can have")
  func tooManyEntriesHaveNoIndex() {
    #expect(Self.shape.leafLimit == 508 * 511)
    var small = Self.shape
    small.leafLimit = 2
    let keys = (0...Self.shape.leafLimit).map { Key(hash: UInt32($0) << 1, entry: $0 + 2) }
    #expect(DirectoryIndex(keys, Self.shape) { _ in 4096 - 8 } == nil)
    #expect(DirectoryIndex(Array(keys.prefix(33)), small) { _ in 248 } == nil)
    #expect(DirectoryIndex(Array(keys.prefix(32)), small) { _ in 248 } != nil)
  }

  @Test("packs leaves full, in the order of hashes, then of the tree")
  func leavesAreFull() throws {
    var random = SeededGenerator(seed: 5)
    let lengths = (0..<20_000).map { _ in Int.random(in: 1...255, using: &random) }
    // Few hashes, so that many are equal, on both sides of where a leaf ends.
    let hashes = lengths.map { _ in random.next(upperBound: UInt32(3000)) << 1 }
    let keys = hashes.enumerated().map { Key(hash: $0.element, entry: $0.offset) }
    let index = try #require(DirectoryIndex(keys, Self.shape) { lengths[$0] })
    let leaves = try leaves(of: index)
    let order = leaves.flatMap(\.entries).map(Int.init)
    #expect(order == order.sorted { (hashes[$0], $0) < (hashes[$1], $1) })
    #expect(Set(order).count == lengths.count)
    func size(_ entry: UInt32) -> Int {
      DirectoryPlan.entrySize(nameLength: lengths[Int(entry)])
    }
    var continuedCount = 0
    for (leaf, next) in zip(leaves, leaves.dropFirst()) {
      let used = leaf.entries.reduce(0) { $0 + size($1) }
      let (last, first) = (try #require(leaf.entries.last), try #require(next.entries.first))
      #expect(used <= 4096 && used + size(first) > 4096)
      let isContinued = hashes[Int(last)] == hashes[Int(first)]
      #expect(next.hash == hashes[Int(first)] | (isContinued ? 1 : 0))
      continuedCount += isContinued ? 1 : 0
    }
    #expect(continuedCount > 100)
  }

  @Test("takes the highest hash for the last but one, as the kernel does")
  func theHighestHashIsNeverUsed() throws {
    let keys = [0xFFFF_FFFE, 0xFFFF_FFFC, 0xFFFF_FFFA].enumerated()
      .map { Key(hash: $0.element, entry: $0.offset) }
    let index = try #require(DirectoryIndex(keys, Self.shape) { _ in 4096 - 8 })
    let leaves = try leaves(of: index)
    #expect(leaves.flatMap(\.entries) == [2, 1, 0])
    #expect(leaves.map(\.hash) == [0, 0xFFFF_FFFC, 0xFFFF_FFFD])
  }
}
