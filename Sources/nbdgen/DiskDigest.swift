import DiskModel
import Dispatch
import Synchronization

/// SHA-256 of a disk: threads read pieces ahead, and one adds them up in order.
enum DiskDigest {
  /// Bytes of a piece.
  private static let pieceSize = 1 << 20

  /// Pieces that are read at a time.
  private static let width = 4

  /// Reads a disk and digests it.
  ///
  /// - Parameters:
  ///   - disk: The disk, which is read once.
  ///   - progress: Is told how many bytes were added up so far.
  /// - Returns: The digest in hexadecimal digits.
  /// - Throws: ``ReadFailure`` of the first piece that cannot be read.
  static func digest(
    of disk: Disk,
    progress: (_ byteCount: Int) -> Void
  ) throws(ReadFailure) -> String {
    let digest = ContentDigest()
    let zeros = [UInt8](repeating: 0, count: pieceSize)
    var position = 0
    while position < disk.size {
      let ranges = stride(from: position, to: disk.size, by: pieceSize).prefix(2 * width)
        .map { $0..<min($0 + pieceSize, disk.size) }
      for result in read(ranges, of: disk, zeros) {
        let bytes = try result.get()
        digest.add(bytes)
        position += bytes.count
        progress(position)
      }
    }
    return digest.finish()
  }

  private static func read(
    _ ranges: [Range<Int>],
    of disk: Disk,
    _ zeros: [UInt8]
  ) -> [Result<[UInt8], ReadFailure>] {
    let results = Mutex(
      [Result<[UInt8], ReadFailure>](repeating: .success([]), count: ranges.count)
    )
    DispatchQueue.concurrentPerform(iterations: ranges.count) { index in
      let range = ranges[index]
      // What is a hole needs no reading.
      let isHole = disk.extents(in: range).allSatisfy { $0.kind == .hole }
      let result = Result<[UInt8], ReadFailure> { () throws(ReadFailure) in
        if isHole { return range.count == zeros.count ? zeros : Array(zeros[..<range.count]) }
        return try disk.bytes(range)
      }
      results.withLock { $0[index] = result }
    }
    return results.withLock(\.self)
  }
}
