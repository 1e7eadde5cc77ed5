import TestSupport

/// What the first sector of a FAT filesystem says of it.
struct FATVolume: Sendable {
  /// The width of an entry of the table, which follows from the cluster count.
  enum Width: String, Sendable, CaseIterable {
    case fat12, fat16, fat32

    /// How many bits an entry has.
    var bits: Int {
      switch self {
      case .fat12: 12
      case .fat16: 16
      case .fat32: 32
      }
    }
  }

  let clusterSize: Int
  let clusterCount: Int
  let width: Width
  let reservedSectors: Int
  let tableCount: Int
  let rootSlots: Int
  /// Where the root directory begins, or on FAT32 the clusters.
  let rootOffset: Int
  let hiddenSectors: Int
  let sectorCount: Int

  /// Reads the sector.
  init(sector: [UInt8]) throws {
    func number(_ offset: Int, _ count: Int) -> Int {
      sector[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    guard sector.count == 512, number(510, 2) == 0xAA55, number(11, 2) == 512 else {
      throw ToolFailure("not the first sector of a FAT filesystem")
    }
    let clusterSectors = number(13, 1)
    guard clusterSectors.nonzeroBitCount == 1 else { throw ToolFailure("no cluster size") }
    clusterSize = clusterSectors * 512
    reservedSectors = number(14, 2)
    tableCount = number(16, 1)
    rootSlots = number(17, 2)
    hiddenSectors = number(28, 4)
    sectorCount = number(19, 2) == 0 ? number(32, 4) : number(19, 2)
    let tableSectors = number(22, 2) == 0 ? number(36, 4) : number(22, 2)
    rootOffset = (reservedSectors + tableCount * tableSectors) * 512
    let metadata = (rootOffset + rootSlots * 32).roundedUp(to: 512) / 512
    clusterCount = (sectorCount - metadata) / clusterSectors
    width = clusterCount < 4085 ? .fat12 : clusterCount < 65_525 ? .fat16 : .fat32
  }

  /// How many bytes there can be that are no content, for a tree with that many
  /// clusters and directories of these sizes: all in whole sectors.
  func metadataLimit(usedClusters: Int, directorySizes: [Int]) -> Int {
    let table = ((usedClusters + 2) * width.bits / 8 + 1).roundedUp(to: 512) + 512
    let directories = directorySizes.reduce(0) { $0 + $1.roundedUp(to: 512) }
    return reservedSectors * 512 + tableCount * table + directories
  }
}

extension Int {
  /// The next multiple of `unit`.
  func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
