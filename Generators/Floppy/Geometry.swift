import DiskModel

/// Where everything is in a FAT filesystem, in sectors.
struct Geometry: Equatable, Sendable {
  var type: FATType
  /// Sectors of a cluster, a power of two (`BPB_SecPerClus`).
  var sectorsPerCluster: Int
  /// Entries of the root directory of FAT12 and FAT16 (`BPB_RootEntCnt`), a
  /// multiple of 16; 0 for FAT32.
  var rootSlots: Int
  /// Sectors of one of the two tables.
  var tableSectors: Int
  /// All sectors of the filesystem (`BPB_TotSec16`, `BPB_TotSec32`).
  var totalSectors: Int
  var medium: Medium

  /// What a disk drive has to know.
  struct Medium: Equatable, Sendable {
    /// `BPB_Media`.
    var descriptor: UInt8
    /// `BPB_SecPerTrk`.
    var sectorsPerTrack: Int
    /// `BPB_NumHeads`.
    var heads: Int
    /// `BS_DrvNum`: 0x00 for the first floppy drive, 0x80 for the first other.
    var driveNumber: UInt8

    /// Anything but a floppy disk.
    static let fixedDisk = Medium(
      descriptor: 0xF8,
      sectorsPerTrack: MasterBootRecord.geometry.sectorsPerTrack,
      heads: MasterBootRecord.geometry.heads,
      driveNumber: 0x80
    )
  }

  static let tableCount = 2

  var rootSectors: Int { rootSlots * slotSize / sectorSize }

  /// Where the root directory of FAT12 and FAT16 starts.
  var rootStart: Int { type.reservedSectors + Self.tableCount * tableSectors }

  /// Where cluster 2 starts.
  var dataStart: Int { rootStart + rootSectors }

  /// Number of clusters, which decides the type.
  var clusterCount: Int { max(0, totalSectors - dataStart) / sectorsPerCluster }

  /// Size of a cluster in bytes.
  var clusterSize: Int { sectorsPerCluster * sectorSize }

  /// Whether the number of clusters is one of the type, and the tables suffice.
  var isConsistent: Bool {
    type.clusterCounts.contains(clusterCount)
      && type.tableSectors(clusterCount: clusterCount) <= tableSectors
      && totalSectors <= Int(UInt32.max)
  }

  /// The offset of a cluster in bytes.
  func offset(ofCluster cluster: Int) -> Int {
    dataStart * sectorSize + (cluster - 2) * clusterSize
  }

  /// Where the cluster ends that `offset` is in or at the end of; where the first
  /// one starts, if it is before that.
  func clusterEnd(_ offset: Int) -> Int {
    let start = dataStart * sectorSize
    guard offset > start else { return start }
    return start + (offset - start + clusterSize - 1) / clusterSize * clusterSize
  }

  /// A filesystem with so many clusters.
  init(_ type: FATType, sectorsPerCluster: Int, rootSlots: Int, clusterCount: Int) {
    self.type = type
    self.sectorsPerCluster = sectorsPerCluster
    self.rootSlots = rootSlots
    tableSectors = type.tableSectors(clusterCount: clusterCount)
    medium = .fixedDisk
    totalSectors = 0
    totalSectors = dataStart + clusterCount * sectorsPerCluster
  }

  /// A filesystem of so many sectors, with as many clusters as there is room for;
  /// they may be none.
  init(_ type: FATType, sectorsPerCluster: Int, rootSlots: Int, totalSectors: Int) {
    self.type = type
    self.sectorsPerCluster = sectorsPerCluster
    self.rootSlots = rootSlots
    self.totalSectors = totalSectors
    medium = .fixedDisk
    // Without tables there would be most clusters, which is enough for them.
    tableSectors = 0
    tableSectors = type.tableSectors(clusterCount: clusterCount)
    while tableSectors > 1 {
      var smaller = self
      smaller.tableSectors -= 1
      guard type.tableSectors(clusterCount: smaller.clusterCount) <= smaller.tableSectors else {
        break
      }
      // One sector at a time: what one more sector of clusters takes is less.
      self = smaller
    }
  }

  /// A filesystem as given by a format.
  init(_ format: FloppyFormat, sectorsPerCluster: Int) {
    self.init(
      .fat12,
      sectorsPerCluster: sectorsPerCluster,
      rootSlots: format.rootSlots,
      totalSectors: format.sectors
    )
    medium = format.medium
    if sectorsPerCluster == format.sectorsPerCluster { tableSectors = format.tableSectors }
  }
}
