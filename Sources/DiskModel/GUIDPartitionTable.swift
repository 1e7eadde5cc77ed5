import CZlib

/// A GUID as disks store it: the first three fields little-endian.
public struct GUID: Sendable, Hashable, CustomStringConvertible {
  /// The 16 bytes as they are written in text, most significant first.
  public var bytes: [UInt8]

  /// Creates a GUID from 16 bytes in the order of its text form.
  ///
  /// - Precondition: There are 16 bytes.
  public init(bytes: [UInt8]) {
    precondition(bytes.count == 16, "a GUID has 16 bytes")
    self.bytes = bytes
  }

  /// `0FC63DAF-8483-4772-8E79-3D69D8477DE4`: a Linux filesystem.
  public static let linuxFilesystem = GUID(bytes: [
    0x0F, 0xC6, 0x3D, 0xAF, 0x84, 0x83, 0x47, 0x72, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4,
  ])

  /// `C12A7328-F81F-11D2-BA4B-00A0C93EC93B`: an EFI system partition.
  public static let efiSystem = GUID(bytes: [
    0xC1, 0x2A, 0x73, 0x28, 0xF8, 0x1F, 0x11, 0xD2, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
  ])

  /// The bytes as disks store them (UEFI Specification 2.10, appendix A).
  var encoded: [UInt8] {
    bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...]
  }

  /// The text form, in capitals.
  public var description: String {
    let digits = Array("0123456789ABCDEF")
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append("-") }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}

/// A GUID partition table with its two copies and the protective MBR.
///
/// Layout: UEFI Specification 2.10, section 5.3.
public struct GUIDPartitionTable: Sendable {
  /// Identifies the disk (`DiskGUID`).
  public var diskGUID: GUID

  /// The partitions in the order of the table, at most 128.
  public var partitions: [Partition]

  /// One entry of the table.
  public struct Partition: Sendable {
    /// What it holds (`PartitionTypeGUID`).
    public var type: GUID
    /// Identifies the partition (`UniquePartitionGUID`).
    public var identifier: GUID
    /// First and last sector, both included (`StartingLBA`, `EndingLBA`).
    public var sectors: ClosedRange<Int>
    /// Name, at most 36 UTF-16 units (`PartitionName`).
    public var name: String

    /// Creates an entry.
    public init(type: GUID, identifier: GUID, sectors: ClosedRange<Int>, name: String) {
      self.type = type
      self.identifier = identifier
      self.sectors = sectors
      self.name = name
    }
  }

  /// Sectors behind the partitions, of the second copy.
  public static let trailingSectors = entrySectors + 1

  static let entryCount = 128
  static let entrySize = 128
  /// Sectors of one copy of the entries.
  static let entrySectors = entryCount * entrySize / MasterBootRecord.sectorSize

  /// Creates a table.
  ///
  /// - Precondition: There are at most 128 partitions.
  public init(diskGUID: GUID, partitions: [Partition]) {
    precondition(partitions.count <= Self.entryCount, "the table has 128 entries")
    self.diskGUID = diskGUID
    self.partitions = partitions
  }

  /// The array of entries.
  func encodeEntries() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.entryCount * Self.entrySize)
    for (index, partition) in partitions.enumerated() {
      let start = index * Self.entrySize
      bytes.replaceSubrange(start..<start + 16, with: partition.type.encoded)
      bytes.replaceSubrange(start + 16..<start + 32, with: partition.identifier.encoded)
      bytes.set(UInt64(partition.sectors.lowerBound), at: start + 32)
      bytes.set(UInt64(partition.sectors.upperBound), at: start + 40)
      var name = Array(partition.name.utf16.prefix(36))
      if let last = name.last, UTF16.isLeadSurrogate(last) { name.removeLast() }
      for (unit, value) in name.enumerated() {
        bytes.set(value, at: start + 56 + 2 * unit)
      }
    }
    return bytes
  }

  /// The header for the copy at `sector`; the other copy is at `alternate`.
  func encodeHeader(sector: Int, alternate: Int, entries: [UInt8], diskSectors: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: MasterBootRecord.sectorSize)
    bytes.replaceSubrange(0..<8, with: Array("EFI PART".utf8))
    bytes.set(UInt32(0x0001_0000), at: 8)  // Revision 1.0
    bytes.set(UInt32(92), at: 12)  // HeaderSize
    bytes.set(UInt64(sector), at: 24)
    bytes.set(UInt64(alternate), at: 32)
    bytes.set(UInt64(2 + Self.entrySectors), at: 40)  // FirstUsableLBA
    bytes.set(UInt64(diskSectors - 2 - Self.entrySectors), at: 48)  // LastUsableLBA
    bytes.replaceSubrange(56..<72, with: diskGUID.encoded)
    let entriesSector = sector == 1 ? 2 : sector - Self.entrySectors
    bytes.set(UInt64(entriesSector), at: 72)
    bytes.set(UInt32(Self.entryCount), at: 80)
    bytes.set(UInt32(Self.entrySize), at: 84)
    bytes.set(Self.checksum(entries[...]), at: 88)
    bytes.set(Self.checksum(bytes[..<92]), at: 16)  // HeaderCRC32, over itself as zero
    return bytes
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      UInt32(truncatingIfNeeded: unsafe crc32(0, buffer.baseAddress, uInt(buffer.count)))
    }
  }
}

extension Disk {
  /// The disk as the one partition of a GPT disk, 1 MiB from its start.
  ///
  /// - Parameters:
  ///   - type: The partition's type.
  ///   - diskGUID: Identifies the disk.
  ///   - identifier: Identifies the partition (Linux: PARTUUID).
  ///   - name: The partition's name, at most 36 UTF-16 units.
  /// - Returns: A disk that this one starts 1 MiB into.
  /// - Throws: ``PartitionError/tooLarge(limit:)`` for an empty disk, or where
  ///   the result would exceed 2^63 - 1 bytes.
  public func partitioned(
    guidType type: GUID,
    diskGUID: GUID,
    identifier: GUID,
    name: String
  ) throws(PartitionError) -> Disk {
    let sectorSize = MasterBootRecord.sectorSize
    let limit = Int.max - (2 << 20)
    guard 0 < size, size <= limit else { throw .tooLarge(limit: limit) }
    let sectorCount = (size + sectorSize - 1) / sectorSize
    let firstSector = partitionAlignment / sectorSize
    let diskSectors = firstSector + sectorCount + GUIDPartitionTable.entrySectors + 1
    let table = GUIDPartitionTable(
      diskGUID: diskGUID,
      partitions: [
        .init(
          type: type,
          identifier: identifier,
          sectors: firstSector...firstSector + sectorCount - 1,
          name: name
        )
      ]
    )
    let entries = table.encodeEntries()
    let lastSector = diskSectors - 1
    let protective = MasterBootRecord(
      diskSignature: 0,
      partitions: [
        .init(type: 0xEE, firstSector: 1, sectorCount: UInt32(clamping: diskSectors - 1))
      ]
    )
    do throws(DiskError) {
      var disk = Disk(protective.encode(), as: .metadata)
      try disk.append(
        table.encodeHeader(
          sector: 1,
          alternate: lastSector,
          entries: entries,
          diskSectors: diskSectors
        ),
        as: .metadata
      )
      try disk.append(entries, as: .metadata)
      try disk.pad(to: partitionAlignment)
      try disk.append(contentsOf: self)
      try disk.align(to: sectorSize)
      try disk.append(entries, as: .metadata)
      try disk.append(
        table.encodeHeader(
          sector: lastSector,
          alternate: 1,
          entries: entries,
          diskSectors: diskSectors
        ),
        as: .metadata
      )
      return disk
    } catch {
      preconditionFailure("the size was checked")
    }
  }
}
