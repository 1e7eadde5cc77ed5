/// A format of real floppy disks, as PCs have them.
///
/// Numbers: Microsoft, "Standard Floppy Disk Formats" (Knowledge Base Q75131), and
/// what `FORMAT` of MS-DOS writes.
struct FloppyFormat: Equatable, Sendable {
  /// All sectors of the disk.
  var sectors: Int
  var sectorsPerCluster: Int
  var rootSlots: Int
  var tableSectors: Int
  var medium: Geometry.Medium

  private init(
    _ kilobytes: Int,
    descriptor: UInt8,
    sectorsPerTrack: Int,
    heads: Int = 2,
    sectorsPerCluster: Int,
    rootSlots: Int,
    tableSectors: Int
  ) {
    sectors = kilobytes * 2
    self.sectorsPerCluster = sectorsPerCluster
    self.rootSlots = rootSlots
    self.tableSectors = tableSectors
    medium = Geometry.Medium(
      descriptor: descriptor,
      sectorsPerTrack: sectorsPerTrack,
      heads: heads,
      driveNumber: 0
    )
  }

  static let all = [
    FloppyFormat(
      160,
      descriptor: 0xFE,
      sectorsPerTrack: 8,
      heads: 1,
      sectorsPerCluster: 1,
      rootSlots: 64,
      tableSectors: 1
    ),
    FloppyFormat(
      180,
      descriptor: 0xFC,
      sectorsPerTrack: 9,
      heads: 1,
      sectorsPerCluster: 1,
      rootSlots: 64,
      tableSectors: 2
    ),
    FloppyFormat(
      320,
      descriptor: 0xFF,
      sectorsPerTrack: 8,
      sectorsPerCluster: 2,
      rootSlots: 112,
      tableSectors: 1
    ),
    FloppyFormat(
      360,
      descriptor: 0xFD,
      sectorsPerTrack: 9,
      sectorsPerCluster: 2,
      rootSlots: 112,
      tableSectors: 2
    ),
    FloppyFormat(
      720,
      descriptor: 0xF9,
      sectorsPerTrack: 9,
      sectorsPerCluster: 2,
      rootSlots: 112,
      tableSectors: 3
    ),
    FloppyFormat(
      1200,
      descriptor: 0xF9,
      sectorsPerTrack: 15,
      sectorsPerCluster: 1,
      rootSlots: 224,
      tableSectors: 7
    ),
    FloppyFormat(
      1440,
      descriptor: 0xF0,
      sectorsPerTrack: 18,
      sectorsPerCluster: 1,
      rootSlots: 224,
      tableSectors: 9
    ),
    FloppyFormat(
      2880,
      descriptor: 0xF0,
      sectorsPerTrack: 36,
      sectorsPerCluster: 2,
      rootSlots: 240,
      tableSectors: 9
    ),
  ]

  /// Size in bytes.
  var size: Int { sectors * sectorSize }

  /// Up to here a disk is taken for a floppy disk, in bytes.
  static let largestSize = 2880 << 10

  /// The format of disks of this size in bytes, if there is one.
  static func format(ofSize size: Int) -> FloppyFormat? { all.first { $0.size == size } }
}
