import DiskModel
import TestSupport
import Testing

@testable import LinuxDiskGenerator

@Suite("An inode")
struct InodeTests {
  private func encode(_ inode: Inode) -> [UInt8] {
    [UInt8](capacity: 256) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initializedCount in
        var output = unsafe OutputRawSpan(
          buffer: UnsafeMutableRawBufferPointer(buffer),
          initializedCount: 0
        )
        inode.encode(in: Format(.ext2), checksum: nil, into: &output)
        initializedCount = output.byteCount
      }
    }
  }

  private func number(_ bytes: [UInt8], at offset: Int, size: Int) -> UInt64 {
    bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The time in an inode, as the kernel decodes it (`ext4_decode_extra_time`).
  private func time(_ bytes: [UInt8], at offset: Int, extra: Int) -> Timestamp {
    let seconds = Int64(Int32(truncatingIfNeeded: number(bytes, at: offset, size: 4)))
    let more = number(bytes, at: extra, size: 4)
    return Timestamp(seconds: seconds + Int64(more & 3) << 32, nanoseconds: UInt32(more >> 2))
  }

  @Test(
    "keeps nanoseconds and years from 1901 to 2446",
    arguments: [
      (0, 0), (1, 999_999_999), (-1, 5), (-(1 << 31), 0), (1 << 31, 1), ((1 << 32) - 1, 7),
      (1 << 32, 8), ((1 << 34) - (1 << 31) - 1, 9),
    ] as [(Int64, UInt32)]
  )
  func timesAreKept(seconds: Int64, nanoseconds: UInt32) {
    let stamp = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    let bytes = encode(Inode(mode: 0o100644, time: stamp, linkCount: 1))
    #expect(bytes.count == 256)
    #expect(time(bytes, at: 0x10, extra: 0x88) == stamp)
    #expect(time(bytes, at: 0x0C, extra: 0x84) == stamp)
    #expect(time(bytes, at: 0x08, extra: 0x8C) == stamp)
    #expect(time(bytes, at: 0x90, extra: 0x94) == stamp)
  }

  @Test("has owners, sizes and block counts of more than their old fields hold")
  func wideFieldsAreKept() {
    var inode = Inode(mode: 0o104755, time: Timestamp(seconds: 0), linkCount: 3)
    inode.user = 70_000
    inode.group = 3_000_000_000
    inode.size = 5 << 32 | 6
    inode.blockCount = 1 << 33
    let bytes = encode(inode)
    #expect(number(bytes, at: 0x02, size: 2) | number(bytes, at: 0x78, size: 2) << 16 == 70_000)
    #expect(
      number(bytes, at: 0x18, size: 2) | number(bytes, at: 0x7A, size: 2) << 16 == 3_000_000_000
    )
    #expect(number(bytes, at: 0x04, size: 4) == 6)
    #expect(number(bytes, at: 0x6C, size: 4) == 5)
    #expect(number(bytes, at: 0x1C, size: 4) | number(bytes, at: 0x74, size: 2) << 32 == 1 << 36)
  }
}
