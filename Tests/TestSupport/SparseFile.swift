package import DiskModel
import Foundation

/// Writes a disk to a new file, with holes where the disk has no data.
package func writeSparse(_ disk: Disk, to path: String) throws {
  let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
  defer { close(descriptor) }
  guard ftruncate(descriptor, off_t(disk.size)) == 0 else {
    throw CocoaError(.fileWriteOutOfSpace)
  }
  for extent in disk.extents(in: 0..<disk.size) where extent.kind == .data {
    var offset = extent.range.lowerBound
    while offset < extent.range.upperBound {
      let count = min(1 << 20, extent.range.upperBound - offset)
      let bytes = try disk.bytes(offset..<offset + count)
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      }
      guard written == count else { throw CocoaError(.fileWriteOutOfSpace) }
      offset += count
    }
  }
}
