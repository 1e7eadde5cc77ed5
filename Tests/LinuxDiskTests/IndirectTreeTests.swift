import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("A tree of indirect blocks")
struct IndirectTreeTests {
  /// Where a walk from the inode's pointers finds the map of a logical block.
  private func path(to block: Int, in tree: IndirectTree) -> [Int?] {
    let pointers = tree.pointerCount
    var rest = block - IndirectTree.directCount
    guard rest >= 0 else { return [] }
    var level = 0
    var span = pointers
    while rest >= span {
      rest -= span
      level += 1
      span *= pointers
    }
    var path = [tree.top(level)]
    while level > 0, case let number?? = path.last {
      guard case .blocks(let children) = tree.pointers(of: number) else { return path + [nil] }
      span /= pointers
      path.append(children[rest / span])
      rest %= span
      level -= 1
    }
    return path
  }

  @Test(
    "leads to every block that has data, each of its blocks being used",
    arguments: [
      [0..<12], [0..<13], [11..<12], [12..<13], [0..<1036], [0..<1037], [1035..<1037],
      [0..<(12 + 1024 + 1024 * 1024)], [0..<(12 + 1024 + 1024 * 1024 + 1)],
      [(12 + 1024 + 1024 * 1024)..<(12 + 1024 + 1024 * 1024 + 1)],
      [0..<1, 5000..<5001, 2_000_000..<2_000_001], [100_000_000..<100_003_000],
    ]
  )
  func everyBlockIsReached(ranges: [Range<Int>]) throws {
    let tree = IndirectTree(covering: ranges, blockSize: 4096)
    var used: Set<Int> = []
    let pointers = tree.pointerCount
    for range in ranges {
      // Every span of 1,024 is looked at where the range begins, and at its end.
      let starts = stride(from: range.lowerBound, to: range.upperBound, by: pointers)
      for block in Array(starts) + [range.upperBound - 1] {
        let path = path(to: block, in: tree)
        for number in path { used.insert(try #require(number, "block \(block)")) }
        guard let last = path.last, let last else { continue }
        guard case .data(let first) = tree.pointers(of: last) else {
          Issue.record("block \(block): the walk does not end at a leaf")
          continue
        }
        #expect((first..<first + pointers).contains(block))
      }
    }
    #expect(used == Set(0..<tree.blockCount))
  }

  @Test("has no block for what is a hole")
  func holesHaveNoBlocks() {
    let tree = IndirectTree(covering: [5000..<5001], blockSize: 4096)
    #expect(tree.top(0) == nil)
    #expect(path(to: 6000, in: tree).last == .some(nil))
    #expect(tree.blockCount == 2)
  }

  @Test("takes as many blocks as the formulas of the format say")
  func countsAreRight() {
    #expect(IndirectTree(covering: [0..<12], blockSize: 4096).blockCount == 0)
    #expect(IndirectTree(covering: [0..<1036], blockSize: 4096).blockCount == 1)
    #expect(IndirectTree(covering: [0..<1037], blockSize: 4096).blockCount == 3)
    // 2 GiB: 1 single, 1 double, and a leaf for each 4 MiB behind 48 KiB + 4 MiB.
    #expect(IndirectTree(covering: [0..<524_288], blockSize: 4096).blockCount == 1 + 1 + 511)
  }
}

@Suite("A tree of extents")
struct ExtentTreeTests {
  /// The extents that are reached from a node, in order.
  private func extents(below node: ExtentTree.Node, of tree: ExtentTree) -> [Int] {
    if node.depth == 0 { return Array(node.children) }
    return node.children.flatMap { child in
      extents(below: tree.block(node.firstBlock + child), of: tree)
    }
  }

  @Test(
    "leads to every extent once, in order",
    arguments: [0, 1, 4, 5, 340, 341, 1360, 1361, 340 * 341, 4 * 340 * 340 + 1]
  )
  func everyExtentIsReached(count: Int) {
    let tree = ExtentTree(extentCount: count, blockSize: 4096)
    #expect(extents(below: tree.root, of: tree) == Array(0..<count))
    #expect(tree.root.children.count <= ExtentTree.entriesInInode)
    for number in 0..<tree.blockCount {
      let node = tree.block(number)
      #expect((1...tree.entriesPerBlock).contains(node.children.count))
    }
  }
}
