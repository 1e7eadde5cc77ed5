/// The three kinds of FAT, which differ in the size of a table entry.
///
/// Numbers: Microsoft, "FAT: General Overview of On-Disk Format" (fatgen103), the
/// section "FAT Type Determination".
enum FATType: String, CaseIterable, Sendable {
  case fat12, fat16, fat32

  /// Numbers of clusters that make a filesystem this type, and no other.
  var clusterCounts: ClosedRange<Int> {
    switch self {
    case .fat12: 1...4084
    case .fat16: 4085...65_524
    // The numbers above are marks.
    case .fat32: 65_525...0x0FFF_FFF5
    }
  }

  /// Bits of a table entry.
  var entryBits: Int {
    switch self {
    case .fat12: 12
    case .fat16: 16
    case .fat32: 32
    }
  }

  /// What stands in the entry of the last cluster of a file, and in entry 1.
  var endMark: UInt32 {
    switch self {
    case .fat12: 0xFFF
    case .fat16: 0xFFFF
    case .fat32: 0x0FFF_FFFF
    }
  }

  /// Sectors before the first table (`BPB_RsvdSecCnt`).
  var reservedSectors: Int { self == .fat32 ? 32 : 1 }

  /// The name for people.
  var name: String { rawValue.uppercased() }

  /// Bytes of a table for so many clusters.
  func tableSize(clusterCount: Int) -> Int { ((clusterCount + 2) * entryBits + 7) / 8 }

  /// Sectors of a table for so many clusters (`BPB_FATSz16`, `BPB_FATSz32`).
  func tableSectors(clusterCount: Int) -> Int {
    (tableSize(clusterCount: clusterCount) + sectorSize - 1) / sectorSize
  }
}

/// Size of a sector in bytes.
let sectorSize = 512

/// Size of an entry of a directory in bytes.
let slotSize = 32

/// Most entries of a directory: it has 2 MiB at most.
let slotLimit = 65_536
