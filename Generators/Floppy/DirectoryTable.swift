import DiskModel
import FileTree

/// The entries of a directory as they are on the disk.
///
/// Layout: fatgen103, "FAT Directory Structure" and "FAT Long Directory Entries".
struct DirectoryTable {
  /// The names with their short ones, in the order of the tree.
  private var names: [(short: ShortName, basis: ShortNameBasis)] = []

  /// Number of entries that are used.
  private(set) var slotCount: Int

  /// Units of a name that one entry holds.
  private static let unitsPerSlot = 13

  /// Plans the table of a directory.
  ///
  /// - Parameters:
  ///   - directory: The directory.
  ///   - ownSlots: Entries besides the names: `.` and `..`, or a label.
  init(_ directory: Selection.Directory, ownSlots: Int) {
    slotCount = ownSlots
    var table = ShortNameTable()
    // Names that are short already keep their names, whatever comes before.
    let bases = directory.entries.map { ShortNameBasis($0.name) }
    let exact = bases.map { table.takeExact($0) }
    names.reserveCapacity(bases.count)
    for (index, basis) in bases.enumerated() {
      names.append((exact[index] ?? table.takeNumbered(basis), basis))
      slotCount += 1 + Self.longSlots(of: directory.entries[index].name, basis)
    }
  }

  /// Entries that a name takes for its long form.
  static func longSlots(of units: [UInt16]) -> Int { longSlots(of: units, ShortNameBasis(units)) }

  private static func longSlots(of units: [UInt16], _ basis: ShortNameBasis) -> Int {
    if basis.isExact && basis.caseFlags != nil { return 0 }
    return (units.count + unitsPerSlot - 1) / unitsPerSlot
  }

  /// What an entry says of a file, besides its name.
  struct Attributes {
    var isDirectory = false
    var isReadOnly = false
    var modified: DOSTime
    /// 0 for an empty file, and for the root directory.
    var firstCluster: Int
    /// 0 for a directory.
    var size: Int
  }

  /// Appends the names.
  ///
  /// - Parameters:
  ///   - directory: The directory that the table was planned for.
  ///   - bytes: Receives 32 bytes for each entry.
  ///   - attributes: What is known of an entry's file.
  func encode(
    _ directory: Selection.Directory,
    to bytes: inout [UInt8],
    attributes: (Selection.File) -> Attributes
  ) {
    for (index, file) in directory.entries.enumerated() {
      let (short, basis) = names[index]
      let longCount = Self.longSlots(of: file.name, basis)
      let checksum = short.checksum
      for number in (0..<longCount).reversed() {
        Self.append(
          file.name[(number * Self.unitsPerSlot)...].prefix(Self.unitsPerSlot),
          order: UInt8(number + 1) | (number == longCount - 1 ? 0x40 : 0),
          checksum: checksum,
          to: &bytes
        )
      }
      let caseFlags = longCount == 0 ? basis.caseFlags ?? 0 : 0
      Self.append(short.bytes, attributes(file), caseFlags: caseFlags, to: &bytes)
    }
  }

  /// Appends `.` and `..`; their clusters are those of the directory and of the
  /// one above, 0 if that is the root.
  static func appendDots(_ own: Attributes, parent: Attributes, to bytes: inout [UInt8]) {
    let spaces = [UInt8](repeating: UInt8(ascii: " "), count: 9)
    append(Array(". ".utf8) + spaces, own, caseFlags: 0, to: &bytes)
    append(Array("..".utf8) + spaces, parent, caseFlags: 0, to: &bytes)
  }

  /// Appends the entry of a volume's label, of 11 bytes.
  static func appendLabel(_ label: [UInt8], _ time: DOSTime, to bytes: inout [UInt8]) {
    let start = bytes.count
    let attributes = Attributes(modified: time, firstCluster: 0, size: 0)
    append(label, attributes, caseFlags: 0, to: &bytes)
    bytes[start + 11] = volumeLabel
    // A label has no times but that of its writing.
    bytes.replaceSubrange(start + 13..<start + 20, with: repeatElement(0, count: 7))
  }

  /// `ATTR_READ_ONLY`, `ATTR_VOLUME_ID`, `ATTR_DIRECTORY`, `ATTR_ARCHIVE` and
  /// `ATTR_LONG_NAME`.
  private static let readOnly: UInt8 = 0x01
  private static let volumeLabel: UInt8 = 0x08
  private static let directory: UInt8 = 0x10
  private static let archive: UInt8 = 0x20
  private static let longName: UInt8 = 0x0F

  private static func append(
    _ name: [UInt8],
    _ attributes: Attributes,
    caseFlags: UInt8,
    to bytes: inout [UInt8]
  ) {
    let time = attributes.modified
    let cluster = UInt32(attributes.firstCluster)
    bytes += name
    bytes.append(
      (attributes.isDirectory ? directory : archive) | (attributes.isReadOnly ? readOnly : 0)
    )
    bytes.append(caseFlags)  // DIR_NTRes
    bytes.append(time.hundredths)  // DIR_CrtTimeTenth
    bytes.append(little: time.time)  // DIR_CrtTime
    bytes.append(little: time.date)  // DIR_CrtDate
    bytes.append(little: time.date)  // DIR_LstAccDate
    bytes.append(little: UInt16(cluster >> 16))  // DIR_FstClusHI
    bytes.append(little: time.time)  // DIR_WrtTime
    bytes.append(little: time.date)  // DIR_WrtDate
    bytes.append(little: UInt16(cluster & 0xFFFF))  // DIR_FstClusLO
    bytes.append(little: UInt32(attributes.size))  // DIR_FileSize
  }

  /// Appends one entry of a long name: units, then 0, then 0xFFFF.
  private static func append(
    _ units: ArraySlice<UInt16>,
    order: UInt8,
    checksum: UInt8,
    to bytes: inout [UInt8]
  ) {
    func append(_ range: Range<Int>) {
      for index in range {
        let isName = index < units.count
        let unit = isName ? units[units.startIndex + index] : index == units.count ? 0 : 0xFFFF
        bytes.append(little: unit)
      }
    }
    bytes.append(order)  // LDIR_Ord
    append(0..<5)  // LDIR_Name1
    bytes.append(longName)  // LDIR_Attr
    bytes.append(0)  // LDIR_Type
    bytes.append(checksum)  // LDIR_Chksum
    append(5..<11)  // LDIR_Name2
    bytes.append(little: UInt16(0))  // LDIR_FstClusLO
    append(11..<13)  // LDIR_Name3
  }
}

extension [UInt8] {
  /// Appends a number in little-endian order.
  mutating func append<Value: FixedWidthInteger>(little value: Value) {
    for byte in 0..<Value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> (8 * byte)))
    }
  }
}
