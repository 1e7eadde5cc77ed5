import DiskModel

/// The block bitmaps of all groups, one block after the other.
///
/// Every block is used that is not among the free ones.
final class BlockBitmaps: BlockwiseSource {
  private let geometry: Geometry

  var unitSize: Int { geometry.format.blockSize }

  /// The bitmaps of a filesystem of which nothing is free but what `geometry` says.
  init(_ geometry: Geometry) {
    self.geometry = geometry
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let blocks = geometry.blocks(ofGroup: index)
    var bits = BitmapBlock(size: unitSize, usedFrom: 0)
    for run in geometry.freeRuns(in: blocks) {
      bits.clear(run.lowerBound - blocks.lowerBound..<run.upperBound - blocks.lowerBound)
    }
    bits.append(to: &output)
  }
}

/// The inode bitmaps of all groups, one block after the other.
final class InodeBitmaps: BlockwiseSource {
  private let inodesPerGroup: Int
  private let numbering: InodeNumbering

  let unitSize: Int

  init(_ geometry: Geometry, _ numbering: InodeNumbering) {
    inodesPerGroup = geometry.inodesPerGroup
    unitSize = geometry.format.blockSize
    self.numbering = numbering
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let first = index * inodesPerGroup + 1
    var bits = BitmapBlock(size: unitSize, usedFrom: inodesPerGroup)
    for run in numbering.used(among: first..<first + inodesPerGroup) {
      bits.set(run.lowerBound - first..<run.upperBound - first)
    }
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
  /// The parts of the free runs that are inside `blocks`.
  func freeRuns(in blocks: Range<Int>) -> [Range<Int>] {
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
    while low < freeRuns.count && freeRuns[low].lowerBound < blocks.upperBound {
      let part = freeRuns[low].clamped(to: blocks)
      if !part.isEmpty { parts.append(part) }
      low += 1
    }
    return parts
  }
}
