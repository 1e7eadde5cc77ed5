import DiskModel

/// The file allocation table, computed when it is read.
///
/// Every file has its clusters side by side, so the table says little: each entry
/// names the next one, but for the last of a file.
final class AllocationTable: ByteSource {
  private let type: FATType
  private let mediumDescriptor: UInt8

  /// The last clusters of all files, ascending.
  private let lastClusters: [UInt32]

  /// Creates a table.
  ///
  /// - Parameters:
  ///   - type: Says how large entries are.
  ///   - mediumDescriptor: What entry 0 repeats of the boot sector.
  ///   - lastClusters: The last clusters of all files, ascending; every cluster
  ///     up to the last one is used.
  init(_ type: FATType, mediumDescriptor: UInt8, lastClusters: [UInt32]) {
    self.type = type
    self.mediumDescriptor = mediumDescriptor
    self.lastClusters = lastClusters
  }

  /// Bytes that are not all zero.
  var size: Int { (Int(lastClusters.last ?? 1) + 1) * type.entryBits / 8 + entryRest }

  private var entryRest: Int {
    (Int(lastClusters.last ?? 1) + 1) * type.entryBits % 8 == 0 ? 0 : 1
  }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    // Entries are read in pairs, which are whole bytes in FAT12 too.
    let pairSize = type.entryBits / 4
    var pair = offset / pairSize
    var skipped = offset % pairSize
    var left = count
    var place = firstPlace(from: 2 * pair)
    while left > 0 {
      let first = UInt64(entry(2 * pair, &place))
      let second = UInt64(entry(2 * pair + 1, &place))
      let bits = first | second << type.entryBits
      for byte in skipped..<pairSize where left > 0 {
        output.append(UInt8(truncatingIfNeeded: bits >> (8 * byte)))
        left -= 1
      }
      skipped = 0
      pair += 1
    }
  }

  /// The first of the last clusters that is not before `cluster`.
  private func firstPlace(from cluster: Int) -> Int {
    var low = 0
    var high = lastClusters.count
    while low < high {
      let middle = (low + high) / 2
      if Int(lastClusters[middle]) < cluster { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// An entry; `place` moves along with the clusters.
  private func entry(_ cluster: Int, _ place: inout Int) -> UInt32 {
    if cluster == 0 { return type.endMark & ~0xFF | UInt32(mediumDescriptor) }
    if cluster == 1 { return type.endMark }
    guard place < lastClusters.count else { return 0 }
    guard Int(lastClusters[place]) == cluster else { return UInt32(cluster + 1) }
    place += 1
    return type.endMark
  }
}
