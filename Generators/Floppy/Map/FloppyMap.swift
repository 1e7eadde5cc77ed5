import DiskModel
import GeneratorKit

/// What lies where in a FAT filesystem.
enum FloppyMap {
  /// The map of a filesystem that was put together.
  static func map(of assembly: FloppyAssembly) -> MapParts {
    let geometry = assembly.geometry
    let clusters = ClusterMap(assembly)
    var parts = MapParts()
    func append(_ kind: Owner.Kind, sectors: Int, note: String? = nil) {
      parts.append(Owner(kind, .metadata, note: note), count: sectors * sectorSize)
    }
    append(.bootSector, sectors: 1)
    if geometry.type == .fat32 {
      append(.fileSystemInformation, sectors: 1)
      append(.reservedSectors, sectors: BootSector.backupSector - 2)
      append(.bootSector, sectors: 1, note: "backup")
      append(.fileSystemInformation, sectors: 1, note: "backup")
    }
    let rest = geometry.type.reservedSectors - parts.size / sectorSize
    append(.reservedSectors, sectors: rest)
    for copy in 1...Geometry.tableCount {
      parts.append(AllocationTableMap(clusters, copy: copy))
    }
    if geometry.rootSectors > 0 {
      parts.append(
        Owner(.rootDirectory, .metadata, path: Array("/".utf8)),
        count: geometry.rootSectors * sectorSize
      )
    }
    parts.append(clusters)
    return parts
  }
}

/// One copy of the file allocation table.
private struct AllocationTableMap: DiskMap {
  let clusters: ClusterMap
  let copy: Int

  init(_ clusters: ClusterMap, copy: Int) {
    self.clusters = clusters
    self.copy = copy
  }

  var size: Int { clusters.geometry.tableSectors * sectorSize }

  private var owner: Owner { Owner(.allocationTable, .metadata, note: "copy \(copy)") }

  func visit(_ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool {
    range.isEmpty || body(MapPiece(0..<size, owner).clamped(to: range))
  }

  func detail(at offset: Int) -> MapPiece {
    let bits = clusters.geometry.type.entryBits
    let cluster = offset * 8 / bits
    var owner = owner
    owner.note = "copy \(copy), entry of cluster \(cluster)"
    if cluster < 2 {
      owner.note = "copy \(copy), reserved entry \(cluster)"
    } else if cluster >= clusters.geometry.clusterCount + 2 {
      owner.note = "copy \(copy), behind the last entry"
    } else {
      owner.path = clusters.owner(ofCluster: cluster)?.path
    }
    let range = cluster * bits / 8..<min(size, ((cluster + 1) * bits + 7) / 8)
    return MapPiece(range, owner)
  }
}

/// Structures of a FAT filesystem.
extension Owner.Kind {
  static let bootSector = Owner.Kind(rawValue: "boot sector")
  static let fileSystemInformation = Owner.Kind(rawValue: "FSInfo sector")
  static let reservedSectors = Owner.Kind(rawValue: "reserved sectors")
  static let allocationTable = Owner.Kind(rawValue: "file allocation table")
  static let rootDirectory = Owner.Kind(rawValue: "root directory")
}
