import DiskModel
import TestSupport
import Testing

@testable import FloppyGenerator

struct AllocationTableTests {
  @Test(
    "Entries lead from cluster to cluster",
    arguments: FATType.allCases,
    0..<20 as Range<UInt64>
  )
  func chains(type: FATType, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var lastClusters: [UInt32] = []
    var expected: [UInt32] = [type.endMark & ~0xFF | 0xF8, type.endMark]
    for _ in 0..<Int.random(in: 0..<30, using: &random) {
      for _ in 1..<Int.random(in: 1..<20, using: &random) {
        expected.append(UInt32(expected.count + 1))
      }
      lastClusters.append(UInt32(expected.count))
      expected.append(type.endMark)
    }
    let table = AllocationTable(type, mediumDescriptor: 0xF8, lastClusters: lastClusters)
    var disk = Disk()
    try disk.append(.source(table, offset: 0), count: table.size)
    let bytes = try disk.bytes(0..<table.size)
    for (cluster, value) in expected.enumerated() {
      #expect(entry(cluster, type, bytes) == value, "cluster \(cluster), seed \(seed)")
    }
    #expect(table.size == (expected.count * type.entryBits + 7) / 8)
    try checkConformance(of: disk, bytes: bytes, seed: seed)
  }

  /// An entry as the specification reads it.
  private func entry(_ cluster: Int, _ type: FATType, _ bytes: [UInt8]) -> UInt32 {
    switch type {
    case .fat12:
      let offset = cluster + cluster / 2
      let high = offset + 1 < bytes.count ? UInt32(bytes[offset + 1]) : 0
      let word = UInt32(bytes[offset]) | high << 8
      return cluster % 2 == 0 ? word & 0xFFF : word >> 4
    case .fat16:
      return UInt32(bytes[2 * cluster]) | UInt32(bytes[2 * cluster + 1]) << 8
    case .fat32:
      return (0..<4).reduce(0) { $0 | UInt32(bytes[4 * cluster + $1]) << (8 * $1) }
    }
  }
}
