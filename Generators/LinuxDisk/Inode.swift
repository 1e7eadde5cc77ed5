import DiskModel

/// An inode as it is stored, in as many bytes as the format says.
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

  /// Most hard links of a file (`EXT4_LINK_MAX`).
  static let linkLimit = 65_000

  /// Appends its bytes, with a checksum that starts from `checksum` if there is one.
  func encode(
    in format: Format,
    checksum: Checksum?,
    into output: inout OutputRawSpan
  ) {
    let start = output.byteCount
    encodeBase(in: format, into: &output)
    if format.inodeSize > 128 { encodeRest(in: format, since: start, into: &output) }
    guard var checksum else { return }
    checksum.add(output.bytes.extracting(start..<output.byteCount))
    output.replace(at: start + 0x7C, by: UInt16(truncatingIfNeeded: checksum.value))
    guard format.inodeSize > 128 else { return }
    output.replace(at: start + 0x82, by: UInt16(checksum.value >> 16))
  }

  /// Appends the first 128 bytes.
  private func encodeBase(in format: Format, into output: inout OutputRawSpan) {
    let sectors = UInt64(blockCount) * UInt64(format.blockSize / 512)
    let seconds = UInt32(truncatingIfNeeded: encodedSeconds(in: format))
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
  }

  /// Appends what is behind the first 128 bytes.
  private func encodeRest(
    in format: Format,
    since start: Int,
    into output: inout OutputRawSpan
  ) {
    let seconds = encodedSeconds(in: format)
    let extraTime = encodedExtraTime(seconds)
    output.append(littleEndian: UInt16(format.extraInodeSize))  // 0x80
    output.append(littleEndian: UInt16(0))  // 0x82 i_checksum_hi
    output.append(littleEndian: extraTime)  // 0x84 i_ctime_extra
    output.append(littleEndian: extraTime)  // 0x88 i_mtime_extra
    output.append(littleEndian: extraTime)  // 0x8C i_atime_extra
    output.append(littleEndian: UInt32(truncatingIfNeeded: seconds))  // 0x90 i_crtime
    output.append(littleEndian: extraTime)  // 0x94 i_crtime_extra
    output.pad(to: 128 + format.extraInodeSize, since: start)
    if !attributes.isEmpty {
      output.append(littleEndian: AttributeArea.magic)  // 0xA0 h_magic
      AttributeArea.inode(format).append(attributes, to: &output)  // 0xA4
    }
    output.pad(to: format.inodeSize, since: start)
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

  private func encodedSeconds(in format: Format) -> Int64 {
    let range = format.timeRange
    return min(max(time.seconds, range.lowerBound), range.upperBound)
  }

  /// Nanoseconds, and the upper two bits of the seconds.
  private func encodedExtraTime(_ seconds: Int64) -> UInt32 {
    let low = Int64(Int32(truncatingIfNeeded: seconds))
    let epoch = UInt32(truncatingIfNeeded: (seconds - low) >> 32) & 3
    return time.nanoseconds << 2 | epoch
  }
}
