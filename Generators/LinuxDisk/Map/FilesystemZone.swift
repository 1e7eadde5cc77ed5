import GeneratorKit

/// Bytes that libext2fs took for a structure, of one group after the other.
struct FilesystemZone: Sendable {
  var bytes: Range<Int>
  var kind: Owner.Kind
  /// The group that the first bytes are for.
  var firstGroup: Int
  /// Bytes of each group.
  var groupSize: Int

  /// Whether it is a group's, rather than the whole filesystem's.
  var isOfGroups: Bool {
    kind != .bootBlock && kind != .superblock && kind != .groupDescriptors
  }

  /// Which group's part a byte is in, counted from the first.
  func part(at offset: Int) -> Int { (offset - bytes.lowerBound) / groupSize }

  /// The bytes of a group's part.
  func range(ofPart part: Int) -> Range<Int> {
    let start = bytes.lowerBound + part * groupSize
    return start..<start + groupSize
  }

  /// All zones of a filesystem, ascending.
  ///
  /// What lies side by side for one group after the other is one zone: there are a
  /// hundred thousand groups in 16 TiB.
  static func zones(of geometry: Geometry) -> [FilesystemZone] {
    let size = geometry.format.blockSize
    var zones: [FilesystemZone] = []
    var last: [Owner.Kind: Int] = [:]
    func add(_ kind: Owner.Kind, _ group: Int, at block: Int, count: Int) {
      let bytes = block * size..<(block + count) * size
      guard !bytes.isEmpty else { return }
      if let index = last[kind], zones[index].bytes.upperBound == bytes.lowerBound,
        zones[index].firstGroup + zones[index].bytes.count / bytes.count == group
      {
        zones[index].bytes = zones[index].bytes.lowerBound..<bytes.upperBound
        return
      }
      last[kind] = zones.count
      zones.append(
        FilesystemZone(bytes: bytes, kind: kind, firstGroup: group, groupSize: bytes.count)
      )
    }
    // The first 1,024 bytes are a boot loader's, and the superblock is behind them.
    zones.append(
      FilesystemZone(bytes: 0..<1024, kind: .bootBlock, firstGroup: 0, groupSize: 1024)
    )
    for (index, group) in geometry.groups.enumerated() {
      if group.hasSuperblock {
        let start = geometry.blocks(ofGroup: index).lowerBound
        let isFirst = index == 0
        add(isFirst ? .superblock : .backupSuperblock, index, at: start, count: 1)
        add(
          isFirst ? .groupDescriptors : .backupGroupDescriptors,
          index,
          at: start + 1,
          count: geometry.descriptorBlocks
        )
      }
      add(.blockBitmap, index, at: group.blockBitmap, count: 1)
      add(.inodeBitmap, index, at: group.inodeBitmap, count: 1)
      add(.inodeTable, index, at: group.inodeTable, count: geometry.inodeTableBlocks)
    }
    if size > 1024, let index = zones.firstIndex(where: { $0.kind == .superblock }) {
      zones[index].bytes = 1024..<size
      zones[index].groupSize = size - 1024
    }
    zones.sort { $0.bytes.lowerBound < $1.bytes.lowerBound }
    return zones
  }
}

/// Structures of an ext filesystem.
extension Owner.Kind {
  static let bootBlock = Owner.Kind(rawValue: "boot block")
  static let superblock = Owner.Kind(rawValue: "superblock")
  static let backupSuperblock = Owner.Kind(rawValue: "backup superblock")
  static let groupDescriptors = Owner.Kind(rawValue: "group descriptors")
  static let backupGroupDescriptors = Owner.Kind(rawValue: "backup group descriptors")
  static let blockBitmap = Owner.Kind(rawValue: "block bitmap")
  static let inodeBitmap = Owner.Kind(rawValue: "inode bitmap")
  static let inodeTable = Owner.Kind(rawValue: "inode table")
  static let inode = Owner.Kind(rawValue: "inode")
  static let journal = Owner.Kind(rawValue: "journal")
  static let extentTree = Owner.Kind(rawValue: "extent tree")
  static let indirectBlocks = Owner.Kind(rawValue: "indirect blocks")
  static let extendedAttributes = Owner.Kind(rawValue: "extended attributes")
  static let symbolicLink = Owner.Kind(rawValue: "symbolic link")
}
