import DiskModel

/// An inode as it is stored, 256 bytes.
///
/// Layout: "Index Nodes" in the kernel's ext4 documentation.
struct Inode {
  /// Type and permissions (`i_mode`).
  var mode: UInt16
  var user: UInt32 = 0
  var group: UInt32 = 0
  /// Size in bytes.
  var size: Int = 0
  /// Content, attributes, access and creation all changed at this time.
  var time: Timestamp
  var linkCount: Int
  /// Blocks of the filesystem that belong to it, its map's own included.
  var blockCount: Int = 0
  /// `i_flags`.
  var flags: UInt32 = 0
  /// `i_block`.
  var block: Block = .words(.init(repeating: 0))
  /// Extended attributes in the inode itself, in order.
  var attributes: [StoredAttribute] = []
  /// The block with further ones (`i_file_acl`), or 0.
  var attributeBlock = 0

  /// What the 60 bytes of `i_block` are.
  enum Block {
    /// Block pointers, the root of an extent tree, or a device number.
    case words(InlineArray<15, UInt32>)
    /// The target of a symbolic link of less than 60 bytes.
    case target(ArraySlice<UInt8>)
  }

  /// `EXT4_EXTENTS_FL`: the map is an extent tree.
  static let extentsFlag: UInt32 = 0x80000

  /// `EXT4_INDEX_FL`: the directory has a hash tree.
  static let indexFlag: UInt32 = 0x1000

  /// Bytes behind the first 128 that are in use (`i_extra_isize`): up to `i_projid`.
  static let extraSize: UInt16 = 32

  /// Most hard links of a file (`EXT4_LINK_MAX`).
  static let linkLimit = 65_000

  /// Appends the 256 bytes.
  func encode(into output: inout OutputRawSpan) {
    let start = output.byteCount
    let sectors = UInt64(blockCount) * UInt64(blockSize / 512)
    let seconds = UInt32(truncatingIfNeeded: encodedSeconds)
    output.append(littleEndian: mode)  // 0x00
    output.append(littleEndian: UInt16(truncatingIfNeeded: user))  // 0x02
    output.append(littleEndian: UInt32(truncatingIfNeeded: size))  // 0x04
    output.append(littleEndian: seconds)  // 0x08 i_atime
    output.append(littleEndian: seconds)  // 0x0C i_ctime
    output.append(littleEndian: seconds)  // 0x10 i_mtime
    output.append(littleEndian: UInt32(0))  // 0x14 i_dtime
    output.append(littleEndian: UInt16(truncatingIfNeeded: group))  // 0x18
    output.append(littleEndian: UInt16(truncatingIfNeeded: linkCount))  // 0x1A
    output.append(littleEndian: UInt32(truncatingIfNeeded: sectors))  // 0x1C i_blocks_lo
    output.append(littleEndian: flags)  // 0x20
    output.append(littleEndian: UInt32(0))  // 0x24 i_version
    encodeBlock(into: &output)  // 0x28
    output.append(littleEndian: UInt32(0))  // 0x64 i_generation
    output.append(littleEndian: UInt32(truncatingIfNeeded: attributeBlock))  // 0x68 i_file_acl_lo
    output.append(littleEndian: UInt32(truncatingIfNeeded: size >> 32))  // 0x6C i_size_high
    output.append(littleEndian: UInt32(0))  // 0x70 i_obso_faddr
    output.append(littleEndian: UInt16(truncatingIfNeeded: sectors >> 32))  // 0x74 i_blocks_high
    output.append(littleEndian: UInt16(truncatingIfNeeded: attributeBlock >> 32))  // 0x76
    output.append(littleEndian: UInt16(truncatingIfNeeded: user >> 16))  // 0x78
    output.append(littleEndian: UInt16(truncatingIfNeeded: group >> 16))  // 0x7A
    output.append(littleEndian: UInt32(0))  // 0x7C i_checksum_lo, reserved
    output.append(littleEndian: Self.extraSize)  // 0x80
    output.append(littleEndian: UInt16(0))  // 0x82 i_checksum_hi
    output.append(littleEndian: encodedExtraTime)  // 0x84 i_ctime_extra
    output.append(littleEndian: encodedExtraTime)  // 0x88 i_mtime_extra
    output.append(littleEndian: encodedExtraTime)  // 0x8C i_atime_extra
    output.append(littleEndian: seconds)  // 0x90 i_crtime
    output.append(littleEndian: encodedExtraTime)  // 0x94 i_crtime_extra
    output.pad(to: 128 + Int(Self.extraSize), since: start)
    if !attributes.isEmpty {
      output.append(littleEndian: AttributeArea.magic)  // 0xA0 h_magic
      AttributeArea.inode.append(attributes, to: &output)  // 0xA4
    }
    output.pad(to: inodeSize, since: start)
  }

  private func encodeBlock(into output: inout OutputRawSpan) {
    switch block {
    case .words(let words):
      for index in words.indices { output.append(littleEndian: words[index]) }
    case .target(let target):
      for byte in target { output.append(byte) }
      output.append(zeros: 60 - target.count)
    }
  }

  /// The times that inodes can hold: 32 bits of seconds, signed, and two more
  /// bits that count up from there.
  static let timeRange: ClosedRange<Int64> = -(1 << 31)...((1 << 34) - (1 << 31) - 1)

  private var encodedSeconds: Int64 {
    min(max(time.seconds, Self.timeRange.lowerBound), Self.timeRange.upperBound)
  }

  /// Nanoseconds, and the upper two bits of the seconds.
  private var encodedExtraTime: UInt32 {
    let low = Int64(Int32(truncatingIfNeeded: encodedSeconds))
    let epoch = UInt32(truncatingIfNeeded: (encodedSeconds - low) >> 32) & 3
    return time.nanoseconds << 2 | epoch
  }
}
