import CHost
import DiskModel

/// SHA-256 of content.
@safe struct ContentDigest {
  private var state = host_sha256()

  private static let pieceSize = 1 << 20

  init() { unsafe host_sha256_start(&state) }

  mutating func add(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe host_sha256_add(&state, $0.baseAddress, $0.count) }
  }

  /// The digest in hexadecimal digits.
  mutating func finish() -> String {
    var result = [UInt8](repeating: 0, count: 32)
    unsafe result.withUnsafeMutableBufferPointer {
      unsafe host_sha256_finish(&state, $0.baseAddress)
    }
    return result.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The digest of all bytes of an archive, which are read once.
  static func digest(of archive: ArchiveBytes) throws(ArchiveFailure) -> String {
    var digest = ContentDigest()
    var position = 0
    while position < archive.size {
      let piece = try archive.bytes(pieceSize, at: position)
      digest.add(piece)
      position += piece.count
    }
    return digest.finish()
  }
}
