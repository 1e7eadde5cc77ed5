import DiskModel

/// The first sector of a FAT filesystem.
///
/// Layout: fatgen103, "Boot Sector and BPB".
struct BootSector {
  var geometry: Geometry
  /// Sectors of the disk before the filesystem (`BPB_HiddSec`).
  var hiddenSectors: Int
  /// `BS_VolID`.
  var volumeID: UInt32
  /// `BS_VolLab`, 11 bytes.
  var label: [UInt8]
  /// A sector with code, if it should not be the one that says that there is
  /// none.
  var code: BootCode

  /// The 512 bytes.
  func encode() -> [UInt8] {
    let isFAT32 = geometry.type == .fat32
    var bytes = code.sector(for: geometry.type)
    let clusterSectors = UInt8(geometry.sectorsPerCluster)
    bytes.set(UInt16(sectorSize), at: 11)  // BPB_BytsPerSec
    bytes.set(clusterSectors, at: 13)  // BPB_SecPerClus
    bytes.set(UInt16(geometry.type.reservedSectors), at: 14)  // BPB_RsvdSecCnt
    bytes.set(UInt8(Geometry.tableCount), at: 16)  // BPB_NumFATs
    bytes.set(UInt16(geometry.rootSlots), at: 17)  // BPB_RootEntCnt
    let isSmall = !isFAT32 && geometry.totalSectors <= UInt16.max
    bytes.set(UInt16(isSmall ? geometry.totalSectors : 0), at: 19)  // BPB_TotSec16
    bytes.set(geometry.medium.descriptor, at: 21)  // BPB_Media
    bytes.set(UInt16(isFAT32 ? 0 : geometry.tableSectors), at: 22)  // BPB_FATSz16
    bytes.set(UInt16(geometry.medium.sectorsPerTrack), at: 24)  // BPB_SecPerTrk
    bytes.set(UInt16(geometry.medium.heads), at: 26)  // BPB_NumHeads
    bytes.set(UInt32(hiddenSectors), at: 28)  // BPB_HiddSec
    bytes.set(UInt32(isSmall ? 0 : geometry.totalSectors), at: 32)  // BPB_TotSec32
    var start = 36
    if isFAT32 {
      bytes.set(UInt32(geometry.tableSectors), at: 36)  // BPB_FATSz32
      bytes.set(UInt16(0), at: 40)  // BPB_ExtFlags: both tables are kept
      bytes.set(UInt16(0), at: 42)  // BPB_FSVer
      bytes.set(UInt32(2), at: 44)  // BPB_RootClus
      bytes.set(UInt16(InformationSector.sector), at: 48)  // BPB_FSInfo
      bytes.set(UInt16(Self.backupSector), at: 50)  // BPB_BkBootSec
      bytes.replaceSubrange(52..<64, with: repeatElement(0, count: 12))
      start = 64
    }
    bytes.set(geometry.medium.driveNumber, at: start)  // BS_DrvNum
    bytes.set(UInt8(0), at: start + 1)
    bytes.set(UInt8(0x29), at: start + 2)  // BS_BootSig: the next three are there
    bytes.set(volumeID, at: start + 3)
    bytes.replaceSubrange(start + 7..<start + 18, with: label)
    let name = Array(geometry.type.name.utf8)
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: 8 - name.count)
    bytes.replaceSubrange(start + 18..<start + 26, with: name + padding)  // BS_FilSysType
    return bytes
  }

  /// Where FAT32 has a second copy of this sector and the next.
  static let backupSector = 6
}

/// What FAT32 remembers of free clusters (`FSInfo`).
///
/// Layout: fatgen103, "FAT32 FSInfo Sector Structure".
struct InformationSector {
  /// Free clusters (`FSI_Free_Count`).
  var freeCount: Int
  /// Where to look for one (`FSI_Nxt_Free`); `nil` if there is none.
  var nextFree: Int?

  /// Where it is.
  static let sector = 1

  /// The 512 bytes.
  func encode() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: sectorSize)
    bytes.set(UInt32(0x4161_5252), at: 0)  // FSI_LeadSig
    bytes.set(UInt32(0x6141_7272), at: 484)  // FSI_StrucSig
    bytes.set(UInt32(freeCount), at: 488)
    bytes.set(nextFree.map { UInt32($0) } ?? .max, at: 492)
    bytes.set(UInt32(0xAA55_0000), at: 508)  // FSI_TrailSig
    return bytes
  }
}
