import DiskModel

/// Chooses a filesystem for what has to be on it.
struct GeometryChoice {
  let demand: Demand
  let options: FloppyOptions

  /// Why there is none.
  enum Failure: Error {
    /// The disk is too small; so many bytes are enough.
    case tooSmall(enough: Int)
    /// The disk is too small for the type, whatever is on it.
    case tooSmallForType(FATType, enough: Int)
    /// No disk of this type, or with these clusters, can hold the tree.
    case impossible(String)
    /// The root directory of a floppy format has fewer entries than are needed.
    case rootTooSmall(slots: Int)
  }

  /// Sizes of clusters that are tried, in sectors; 64 KiB only if it is asked for.
  private var clusterChoices: [Int] {
    options.clusterSize.map { [$0 / sectorSize] } ?? [1, 2, 4, 8, 16, 32, 64]
  }

  /// 64 KiB, which not every system takes.
  private static let largestSectors = 128

  private var typeChoices: [FATType] { options.type.map { [$0] } ?? FATType.allCases }

  /// The filesystem for the options.
  func geometry() throws(Failure) -> Geometry {
    switch options.size {
    case .exactly(let size):
      if let geometry = try given(size) { return geometry }
      let needed = try smallest { _, _ in 0 }
      guard let enough = diskSize(for: needed, above: size) else {
        throw .impossible(Self.noneOfThisSize)
      }
      let used = demand.clusters(needed.type, clusterSize: needed.clusterSize)
      guard let type = options.type, used < type.clusterCounts.lowerBound else {
        throw .tooSmall(enough: enough)
      }
      throw .tooSmallForType(type, enough: enough)
    case .automatic:
      return try smallest { used, _ in used / 5 }
    case .extra(let bytes):
      return try smallest { _, size in bytes / size + (bytes % size == 0 ? 0 : 1) }
    }
  }

  private static let noneOfThisSize =
    "no filesystem of this size has a number of clusters that its type allows; leave out type=, "
    + "cluster= or size="

  /// The size of a disk that can be asked for and has room for a filesystem; `nil`
  /// if there is none that is larger than a given one.
  private func diskSize(for needed: Geometry, above size: Int) -> Int? {
    var options = options
    options.size = .exactly(size)
    var candidate = size
    // What is around a filesystem grows with it, at two places; and larger ones may
    // have larger tables.
    for _ in 0..<64 {
      let whole = options.partitioning(ofFilesystem: needed.totalSectors).diskSize
      candidate = max(candidate + 1, whole, Self.leastSectors * sectorSize)
      candidate = (candidate + sectorSize - 1) / sectorSize * sectorSize
      options.size = .exactly(candidate)
      let choice = GeometryChoice(demand: demand, options: options)
      if whole <= candidate, (try? choice.given(candidate)) != nil { return candidate }
    }
    return nil
  }

  /// The filesystem of a disk of this size, if there is one.
  private func given(_ size: Int) throws(Failure) -> Geometry? {
    if let format = options.floppyFormat, let geometry = try floppy(format) { return geometry }
    return exact(size)
  }

  private func floppy(_ format: FloppyFormat) throws(Failure) -> Geometry? {
    guard options.type == nil || options.type == .fat12 else { return nil }
    let sectors = options.clusterSize.map { $0 / sectorSize } ?? format.sectorsPerCluster
    let geometry = Geometry(format, sectorsPerCluster: sectors)
    guard geometry.isConsistent else { return nil }
    guard demand.rootSlots <= format.rootSlots else { throw .rootTooSmall(slots: format.rootSlots) }
    return fits(geometry) ? geometry : nil
  }

  /// The filesystem of a disk of this size; `nil` if there is none.
  private func exact(_ size: Int) -> Geometry? {
    let sectors = options.filesystemSectors(ofDisk: size)
    let preferred = Self.preferredSectors(options.type, totalSectors: sectors)
    // Smaller clusters waste less, so they come next; then larger ones.
    let smaller = clusterChoices.filter { $0 <= preferred }.reversed()
    let larger = clusterChoices.filter { $0 > preferred }
    let last = options.clusterSize == nil ? [Self.largestSectors] : []
    for clusterSectors in smaller + larger + last {
      for type in typeChoices {
        let geometry = Geometry(
          type,
          sectorsPerCluster: clusterSectors,
          rootSlots: rootSlots(type, totalSectors: sectors),
          totalSectors: sectors
        )
        if geometry.isConsistent && fits(geometry) { return geometry }
      }
    }
    return nil
  }

  /// The size of a cluster that Microsoft's tables have for a size of a filesystem,
  /// in sectors (fatgen103, `DskTableFAT16` and `DskTableFAT32`).
  private static func preferredSectors(_ type: FATType?, totalSectors: Int) -> Int {
    func smallest(_ limits: [(sectors: Int, cluster: Int)]) -> Int {
      limits.first { totalSectors <= $0.sectors }?.cluster ?? 64
    }
    let fat12 = [(4_150, 1), (8_400, 2), (16_600, 4), (33_000, 8), (65_000, 16), (130_000, 32)]
    let fat16 = [
      (32_680, 2), (262_144, 4), (524_288, 8), (1_048_576, 16), (2_097_152, 32), (4_194_304, 64),
    ]
    let fat32 = [(532_480, 1), (16_777_216, 8), (33_554_432, 16), (67_108_864, 32)]
    switch type {
    case .fat12: return smallest(fat12)
    case .fat16: return smallest(fat16)
    case .fat32: return smallest(fat32)
    case nil:
      if totalSectors <= 8_400 { return smallest(fat12) }
      return totalSectors <= 1_048_576 ? smallest(fat16) : smallest(fat32)
    }
  }

  /// The smallest filesystem with room to spare.
  ///
  /// - Parameter spare: Clusters beyond those that are used, by the number of these
  ///   and the size of a cluster in bytes.
  /// - Returns: The filesystem.
  /// - Throws: ``Failure/impossible(_:)``.
  private func smallest(spare: (Int, Int) -> Int) throws(Failure) -> Geometry {
    var best: Geometry?
    for clusterSectors in clusterChoices {
      for type in typeChoices {
        let clusterSize = clusterSectors * sectorSize
        let used = demand.clusters(type, clusterSize: clusterSize)
        let (sum, overflow) = used.addingReportingOverflow(spare(used, clusterSize))
        guard !overflow, let geometry = geometry(type, clusterSectors, clusterCount: sum) else {
          continue
        }
        let isBetter = best.map { Self.cost(geometry) < Self.cost($0) } ?? true
        if isBetter { best = geometry }
      }
    }
    guard let best else {
      let most = options.type.map { "\($0.name) " } ?? ""
      throw .impossible(
        "a \(most)filesystem with these clusters cannot hold so much; leave out type= and cluster="
      )
    }
    return best
  }

  /// A filesystem with at least so many clusters; `nil` if it cannot have them.
  private func geometry(_ type: FATType, _ clusterSectors: Int, clusterCount: Int) -> Geometry? {
    // Something small, if the tree is; and the least that makes the type, but not
    // where another type would do.
    let least = options.type == nil && type != .fat12 ? clusterCount : type.clusterCounts.lowerBound
    let count = max(clusterCount, least, Self.leastSectors / clusterSectors)
    guard type.clusterCounts.contains(count) else { return nil }
    var slots = rootSlots(type, totalSectors: 0)
    var geometry = Geometry(
      type,
      sectorsPerCluster: clusterSectors,
      rootSlots: slots,
      clusterCount: count
    )
    slots = rootSlots(type, totalSectors: geometry.totalSectors)
    geometry = Geometry(
      type,
      sectorsPerCluster: clusterSectors,
      rootSlots: slots,
      clusterCount: count
    )
    return geometry.isConsistent && fits(geometry) ? geometry : nil
  }

  /// A filesystem has 64 KiB at least.
  private static let leastSectors = 128

  /// What a filesystem takes, in sectors; one with more clusters than old systems
  /// get along with is worse than all others.
  private static func cost(_ geometry: Geometry) -> Int {
    let isUnwieldy = geometry.clusterCount > 4_177_918
    return geometry.totalSectors + (isUnwieldy ? 1 << 40 : 0)
  }

  /// Entries of the root directory of FAT12 and FAT16: what systems expect, or
  /// more if more are needed.
  private func rootSlots(_ type: FATType, totalSectors: Int) -> Int {
    guard type != .fat32 else { return 0 }
    let usual = totalSectors <= FloppyFormat.largestSize / sectorSize ? 224 : 512
    return max(usual, (demand.rootSlots + 15) / 16 * 16)
  }

  /// Whether everything has a place.
  private func fits(_ geometry: Geometry) -> Bool {
    geometry.rootSlots <= Int(UInt16.max)
      && demand.clusters(geometry.type, clusterSize: geometry.clusterSize) <= geometry.clusterCount
  }
}
