import DiskModel

/// The block bitmaps of all groups, one block after the other.
///
/// Below the high-water mark every block is used; above it, what libext2fs
/// took for tables and backups.
final class BlockBitmaps: BlockwiseSource {
  private let geometry: Geometry
  private let highWater: Int

  var unitSize: Int { geometry.format.blockSize }

  init(_ geometry: Geometry, highWater: Int) {
    self.geometry = geometry
    self.highWater = highWater
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let blocks = geometry.blocks(ofGroup: index)
    var bits = BitmapBlock(size: unitSize, usedFrom: 0)
    for run in geometry.freeRuns(in: blocks, from: highWater) {
      bits.clear(run.lowerBound - blocks.lowerBound..<run.upperBound - blocks.lowerBound)
    }
    bits.append(to: &output)
  }
}

/// The inode bitmaps of all groups, one block after the other.
final class InodeBitmaps: BlockwiseSource {
  private let inodesPerGroup: Int
  private let lastInode: Int

  let unitSize: Int

  init(_ geometry: Geometry, lastInode: Int) {
    inodesPerGroup = geometry.inodesPerGroup
    unitSize = geometry.format.blockSize
    self.lastInode = lastInode
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let used = min(max(0, lastInode - index * inodesPerGroup), inodesPerGroup)
    var bits = BitmapBlock(size: unitSize, usedFrom: inodesPerGroup)
    bits.set(0..<used)
    bits.append(to: &output)
  }
}

/// One block of a bitmap; bit n is bit n mod 8 of byte n / 8.
private struct BitmapBlock {
  private var bytes: [UInt8]

  /// Starts with the bits from `bit` on set, and the ones before it clear.
  init(size: Int, usedFrom bit: Int) {
    bytes = [UInt8](repeating: 0, count: size)
    set(bit..<8 * size)
  }

  mutating func set(_ bits: Range<Int>) { change(bits) { $0 | $1 } }

  mutating func clear(_ bits: Range<Int>) { change(bits) { $0 & ~$1 } }

  private mutating func change(_ bits: Range<Int>, _ apply: (UInt8, UInt8) -> UInt8) {
    var bit = bits.lowerBound
    while bit < bits.upperBound {
      let end = min((bit / 8 + 1) * 8, bits.upperBound)
      let mask = UInt8(truncatingIfNeeded: (1 << (end - bit / 8 * 8)) - (1 << (bit % 8)))
      bytes[bit / 8] = apply(bytes[bit / 8], mask)
      bit = end
    }
  }

  func append(to output: inout OutputRawSpan) {
    output.append(copying: bytes.span)
  }
}

extension Geometry {
  /// The parts of the free runs that are inside `blocks` and not below `start`.
  func freeRuns(in blocks: Range<Int>, from start: Int) -> [Range<Int>] {
    var low = 0
    var high = freeRuns.count
    while low < high {
      let middle = (low + high) / 2
      if freeRuns[middle].upperBound <= blocks.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    var parts: [Range<Int>] = []
    let free = max(start, blocks.lowerBound)..<max(start, blocks.upperBound)
    while low < freeRuns.count && freeRuns[low].lowerBound < blocks.upperBound {
      let part = freeRuns[low].clamped(to: free)
      if !part.isEmpty { parts.append(part) }
      low += 1
    }
    return parts
  }
}
