import DiskModel

/// Where extended attributes are stored: entries from the front, values from the
/// back, and four zero bytes between them at least.
struct AttributeArea {
  /// Size in bytes.
  let size: Int
  /// Bytes that offsets of values count beside the area's own.
  let offset: Int
  /// Whether entries have hashes.
  let isHashed: Bool

  /// Bytes of entries and values that fit.
  var room: Int { max(0, size - StoredAttribute.unit) }

  /// `EXT4_XATTR_MAGIC`, before both areas.
  static let magic: UInt32 = 0xEA02_0000

  /// Behind the fields of an inode and the magic number.
  static func inode(_ format: Format) -> AttributeArea {
    let size = format.inodeSize - 128 - format.extraInodeSize - 4
    return AttributeArea(size: max(0, size), offset: 0, isHashed: false)
  }

  /// Behind the header of a block (`ext4_xattr_header`).
  static func block(_ format: Format) -> AttributeArea {
    AttributeArea(size: format.blockSize - 32, offset: 32, isHashed: true)
  }

  /// Appends the whole area.
  ///
  /// - Precondition: The attributes are in order, and fit.
  func append(_ attributes: [StoredAttribute], to output: inout OutputRawSpan) {
    let start = output.byteCount
    var valueStart = size
    for attribute in attributes {
      valueStart -= StoredAttribute.padded(attribute.value.count)
      let valueOffset = attribute.value.isEmpty ? 0 : UInt16(offset + valueStart)
      output.append(UInt8(attribute.name.count))  // 0x00 e_name_len
      output.append(attribute.namespace)  // 0x01 e_name_index
      output.append(littleEndian: valueOffset)  // 0x02 e_value_offs
      output.append(littleEndian: UInt32(0))  // 0x04 e_value_inum
      output.append(littleEndian: UInt32(attribute.value.count))  // 0x08 e_value_size
      output.append(littleEndian: isHashed ? attribute.hash : 0)  // 0x0C e_hash
      Self.append(attribute.name, to: &output)  // 0x10 e_name
    }
    output.pad(to: valueStart, since: start)
    for attribute in attributes.reversed() { Self.append(attribute.value, to: &output) }
  }

  private static func append(_ bytes: ArraySlice<UInt8>, to output: inout OutputRawSpan) {
    for byte in bytes { output.append(byte) }
    output.append(zeros: StoredAttribute.padded(bytes.count) - bytes.count)
  }
}
