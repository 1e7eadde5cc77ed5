import DiskModel

/// A filesystem's place on its disk.
struct Partitioning {
  var layout: PartitionLayout
  /// The sector that the filesystem starts at.
  var firstSector: Int
  /// Sectors of the filesystem.
  var filesystemSectors: Int

  /// Sectors behind the filesystem.
  private var trailingSectors: Int { layout == .gpt ? GUIDPartitionTable.trailingSectors : 0 }

  /// Size of the whole disk in bytes.
  var diskSize: Int { (firstSector + filesystemSectors + trailingSectors) * sectorSize }
}

extension FloppyOptions {
  /// Disks smaller than this have their partition at the second track, in bytes.
  private static let alignedSize = 4 << 20

  /// Where a filesystem of so many sectors is.
  func partitioning(ofFilesystem sectors: Int) -> Partitioning {
    var partitioning = Partitioning(layout: layout, firstSector: 0, filesystemSectors: sectors)
    switch layout {
    case .none: break
    case .gpt: partitioning.firstSector = partitionAlignment / sectorSize
    case .mbr:
      partitioning.firstSector = partitionAlignment / sectorSize
      var isSmall = partitioning.diskSize < Self.alignedSize
      if case .exactly(let size) = size { isSmall = size < Self.alignedSize }
      if isSmall { partitioning.firstSector = MasterBootRecord.geometry.sectorsPerTrack }
    }
    return partitioning
  }

  /// Sectors that a disk of a size leaves to the filesystem, perhaps less than
  /// none.
  func filesystemSectors(ofDisk size: Int) -> Int {
    let around = partitioning(ofFilesystem: 0).diskSize / sectorSize
    return min(size / sectorSize - around, Int(UInt32.max))
  }

  /// The real floppy that a disk of the size asked for is.
  var floppyFormat: FloppyFormat? {
    guard layout == .none, case .exactly(let size) = size else { return nil }
    return FloppyFormat.format(ofSize: size)
  }
}
