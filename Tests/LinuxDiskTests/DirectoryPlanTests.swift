import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("The plan of a directory")
struct DirectoryPlanTests {
  @Test("without an index fills blocks, and splits no entry", arguments: [1, 7, 8, 100, 255])
  func entriesAreNotSplit(nameLength: Int) throws {
    let lengths = [1, 2] + [Int](repeating: nameLength, count: 2000)
    let plan = DirectoryPlan.linear(nameLengths: lengths, room: 4096)
    guard case .linear(let firstEntries) = plan else {
      Issue.record("there is an index")
      return
    }
    #expect(plan.blockCount == firstEntries.count)
    let bounds = firstEntries.map(Int.init) + [lengths.count]
    #expect(bounds.first == 0)
    for (start, end) in zip(bounds, bounds.dropFirst()) {
      let sizes = lengths[start..<end].map { DirectoryPlan.entrySize(nameLength: $0) }
      let used = sizes.reduce(0, +)
      #expect(used <= 4096)
      if end < lengths.count {
        #expect(used + DirectoryPlan.entrySize(nameLength: lengths[end]) > 4096)
      }
    }
  }
}

@Suite("An allocator of blocks")
struct BlockAllocatorTests {
  private func geometry(_ runs: [Range<Int>], blockCount: Int) -> Geometry {
    var geometry = Geometry.unlimited(Format(.ext2))
    geometry.freeRuns = runs
    geometry.blockCount = blockCount
    return geometry
  }

  @Test("takes free runs in order, each to its end")
  func runsAreTakenInOrder() {
    var allocator = BlockAllocator(geometry([3..<5, 8..<20], blockCount: 20))
    #expect(allocator.take(atMost: 1) == 3..<4)
    #expect(allocator.take(atMost: 100) == 4..<5)
    #expect(allocator.take(atMost: 2) == 8..<10)
    #expect(allocator.take(atMost: 100) == 10..<20)
    #expect(allocator.shortage == 0)
  }

  @Test("says how many blocks are missing when there are no more")
  func shortageIsCounted() {
    var allocator = BlockAllocator(geometry([3..<5], blockCount: 20))
    #expect(allocator.take(atMost: 2) == 3..<5)
    #expect(allocator.take(atMost: 7).count == 7)
    #expect(allocator.take(atMost: 3).count == 3)
    #expect(allocator.shortage == 10)
  }
}

@Suite("The size of a filesystem")
struct SizingTests {
  @Test(
    "grows by what is missing, whatever the start",
    arguments: [1, 11, 1000, 40_000, 1_000_000]
  )
  func missingBlocksAreAdded(inodes: Int) {
    for content in [0, 1, 100, 32_000, 33_000, 1_000_000, 10_000_000] {
      var sizing = Sizing(Format(.ext4), inodeCount: inodes, contentBlocks: content)
      let first = sizing.blockCount
      #expect(first > content)
      sizing.add(1)
      #expect(sizing.blockCount > first)
    }
  }
}
