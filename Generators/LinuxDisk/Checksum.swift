import CExt2FS
import DiskModel

/// A CRC-32C that grows with what is added, as the feature metadata_csum has it.
struct Checksum: Sendable {
  private(set) var value: UInt32

  /// Where the checksums of a filesystem start from: its UUID, of 16 bytes.
  init(uuid: [UInt8]) {
    value = ~0
    add(uuid[...])
  }

  mutating func add(_ bytes: ArraySlice<UInt8>) {
    unsafe add(bytes.span.bytes)
  }

  mutating func add(_ bytes: RawSpan) {
    value = unsafe bytes.withUnsafeBytes { bytes in
      unsafe ext2fs_crc32c_le(
        value,
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
        bytes.count
      )
    }
  }

  /// Adds a number, least significant byte first.
  mutating func add(littleEndian number: some FixedWidthInteger & BitwiseCopyable) {
    let number = number.littleEndian
    unsafe add(CollectionOfOne(number).span.bytes)
  }

  /// Where the checksums of an inode and its blocks start from; the generation of all
  /// inodes is 0.
  func ofInode(_ number: Int) -> Checksum {
    var checksum = self
    checksum.add(littleEndian: UInt32(truncatingIfNeeded: number))
    checksum.add(littleEndian: UInt32(0))
    return checksum
  }
}

extension OutputRawSpan {
  /// Replaces bytes that were appended by a number, least significant byte first.
  mutating func replace<Number: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int,
    by number: Number
  ) {
    var bytes = mutableBytes
    bytes.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
  }

  /// Puts the checksum of everything appended since `start` behind it.
  mutating func appendChecksum(_ checksum: Checksum, since start: Int) {
    var checksum = checksum
    checksum.add(bytes.extracting(start..<byteCount))
    append(littleEndian: checksum.value)
  }
}
