import DiskModel
import FileTree
import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("The plan of blocks for extended attributes")
struct AttributePlanTests {
  private let directory: MemoryDirectory
  private var root: RawPath { RawPath(directory.path) }

  init() throws { directory = try MemoryDirectory() }

  private func scan() throws -> Tree {
    try TreeScanner.scan(directory.path, descriptors: DescriptorCache(capacity: 4))
  }

  private func plan(_ tree: Tree) -> AttributePlan {
    AttributePlan(tree, InodeNumbering(tree), Format(.ext2))
  }

  @Test("needs nothing without attributes, or with few")
  func smallAttributesNeedNoBlock() throws {
    try (root / "file").write()
    #expect(plan(try scan()).blocks.isEmpty)
    try (root / "file").setAttribute("user.small", [1])
    let tree = try scan()
    let plan = plan(tree)
    #expect(plan.blocks.isEmpty)
    #expect(tree.nodes.indices.allSatisfy { plan.block(of: tree.nodes[$0], at: $0) == nil })
  }

  /// Two kinds of blocks, of files that take turns.
  @Test("has each block shared by as many files as may", arguments: [1, 1023, 1024, 1025, 2049])
  func blocksAreShared(count: Int) throws {
    let values = [[UInt8](repeating: 1, count: 100), [UInt8](repeating: 2, count: 3000)]
    for number in 0..<count {
      for (kind, value) in values.enumerated() {
        let file = root / "\(number).\(kind)"
        try file.write()
        try file.setAttribute("user.v", value)
        // What is in the inode does not matter.
        if number % 3 == 0 { try file.setAttribute("user.w", [UInt8(number & 0xFF)]) }
      }
    }
    let tree = try scan()
    let plan = plan(tree)
    #expect(plan.blocks.count == 2 * ((count + 1023) / 1024))
    var files = [Int](repeating: 0, count: plan.blocks.count)
    for (index, node) in tree.nodes.enumerated() where index > 0 {
      let block = try #require(plan.block(of: node, at: index))
      files[block] += 1
      let own = try AttributeSplit(tree.attributeSets[Int(node.attributes)], Format(.ext2)).inBlock
      let set = Int(plan.blocks[block].set)
      #expect(try AttributeSplit(tree.attributeSets[set], Format(.ext2)).inBlock == own)
    }
    #expect(files == plan.blocks.map { Int($0.shareCount) })
    #expect(files.allSatisfy { $0 <= 1024 })
    #expect(plan.block(of: tree.nodes[0], at: 0) == nil)
  }
}
