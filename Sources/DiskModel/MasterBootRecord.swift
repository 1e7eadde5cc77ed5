/// The partition table of a PC disk: sector 0, with up to four partitions.
///
/// Layout: "Master Boot Record", UEFI Specification 2.10, section 5.2.1.
public struct MasterBootRecord: Sendable, Equatable {
  /// Size of a sector in bytes.
  public static let sectorSize = 512

  /// Identifies the disk (`UniqueMBRDiskSignature`); Linux makes PARTUUIDs of it.
  public var diskSignature: UInt32

  /// The partitions, at most four, in the order of the table.
  public var partitions: [Partition]

  /// One entry of the table (`Partition Record`).
  public struct Partition: Sendable, Equatable {
    /// Whether firmware should boot from it (`BootIndicator` 0x80).
    public var isBootable: Bool

    /// What it holds (`OSType`): 0x83 Linux, 0x0C FAT32 with LBA, 0xEE protective.
    public var type: UInt8

    /// First sector (`StartingLBA`).
    public var firstSector: UInt32

    /// Number of sectors (`SizeInLBA`).
    public var sectorCount: UInt32

    /// Creates an entry.
    public init(isBootable: Bool = false, type: UInt8, firstSector: UInt32, sectorCount: UInt32) {
      self.isBootable = isBootable
      self.type = type
      self.firstSector = firstSector
      self.sectorCount = sectorCount
    }
  }

  /// Creates a table.
  ///
  /// - Precondition: There are at most four partitions.
  public init(diskSignature: UInt32, partitions: [Partition]) {
    precondition(partitions.count <= 4, "an MBR has four entries")
    self.diskSignature = diskSignature
    self.partitions = partitions
  }

  /// The 512 bytes of the sector, without boot code.
  public func encode() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.sectorSize)
    bytes.set(diskSignature, at: 440)
    for (index, partition) in partitions.enumerated() {
      let start = 446 + 16 * index
      let first = Int(partition.firstSector)
      let last = first + Int(partition.sectorCount) - 1
      bytes[start] = partition.isBootable ? 0x80 : 0
      let isProtective = partition.type == 0xEE
      bytes.replaceSubrange(
        start + 1..<start + 4,
        with: isProtective ? [0, 2, 0] : Self.cylinderHeadSector(first)
      )
      bytes[start + 4] = partition.type
      bytes.replaceSubrange(
        start + 5..<start + 8,
        with: isProtective ? [0xFF, 0xFF, 0xFF] : Self.cylinderHeadSector(last)
      )
      bytes.set(partition.firstSector, at: start + 8)
      bytes.set(partition.sectorCount, at: start + 12)
    }
    bytes[510] = 0x55
    bytes[511] = 0xAA
    return bytes
  }

  /// Heads and sectors of a track in addresses by cylinder: what BIOSes make of
  /// disks.
  public static let geometry = (heads: 255, sectorsPerTrack: 63)

  /// Number of sectors that can be addressed by cylinder, of which there are 1,024:
  /// 7.8 GiB.
  public static let cylinderLimit = 1024 * geometry.heads * geometry.sectorsPerTrack

  /// An address by cylinder: head, sector and cylinder in three bytes; where it
  /// would be too large, cylinder 1023, head 254, sector 63: "look at the LBA".
  private static func cylinderHeadSector(_ sector: Int) -> [UInt8] {
    guard 0 <= sector && sector < cylinderLimit else { return [0xFE, 0xFF, 0xFF] }
    let (track, place) = sector.quotientAndRemainder(dividingBy: geometry.sectorsPerTrack)
    let (cylinder, head) = track.quotientAndRemainder(dividingBy: geometry.heads)
    return [UInt8(head), UInt8(place + 1 | (cylinder >> 8) << 6), UInt8(cylinder & 255)]
  }
}

extension Disk {
  /// The disk as the one partition of an MBR disk.
  ///
  /// The disk ends where the partition ends, at a multiple of 512 bytes.
  ///
  /// - Parameters:
  ///   - type: The partition's type, such as 0x83 for Linux.
  ///   - isBootable: Whether the partition is marked active.
  ///   - diskSignature: Identifies the disk.
  ///   - firstSector: Where the partition starts, from 1 on; 1 MiB unless told
  ///     otherwise.
  /// - Returns: A disk that this one is a part of.
  /// - Throws: ``PartitionError/tooLarge(limit:)`` for 2^32 sectors (2 TiB) or more.
  public func partitioned(
    masterBootRecordType type: UInt8,
    isBootable: Bool = false,
    diskSignature: UInt32,
    firstSector: UInt32 = UInt32(partitionAlignment / MasterBootRecord.sectorSize)
  ) throws(PartitionError) -> Disk {
    let sectorSize = MasterBootRecord.sectorSize
    let sectorCount = size / sectorSize + (size % sectorSize == 0 ? 0 : 1)
    guard let sectorCount = UInt32(exactly: sectorCount), sectorCount > 0 else {
      throw .tooLarge(limit: Int(UInt32.max) * sectorSize)
    }
    let partition = MasterBootRecord.Partition(
      isBootable: isBootable,
      type: type,
      firstSector: firstSector,
      sectorCount: sectorCount
    )
    let table = MasterBootRecord(diskSignature: diskSignature, partitions: [partition])
    do throws(DiskError) {
      var disk = Disk(table.encode(), as: .metadata)
      try disk.pad(to: Int(firstSector) * sectorSize)
      try disk.append(contentsOf: self)
      try disk.align(to: sectorSize)
      return disk
    } catch {
      preconditionFailure("2 TiB and a little are less than 2^63 bytes")
    }
  }
}

/// Where the first partition starts, in bytes: 1 MiB, as partitioning tools do.
public let partitionAlignment = 1 << 20

/// Why a disk could not become a partition.
public enum PartitionError: Error, Equatable {
  /// The table cannot describe more than `limit` bytes, nor an empty partition.
  case tooLarge(limit: Int)
}

extension [UInt8] {
  /// Overwrites the bytes at `offset` with `value` in little-endian order.
  package mutating func set<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
    for byte in 0..<Value.bitWidth / 8 {
      self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
    }
  }
}
