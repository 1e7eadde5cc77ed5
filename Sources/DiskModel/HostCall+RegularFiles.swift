import CHost
package import SystemPackage

extension HostCall {
  /// What there is at a path where a small regular file should be.
  package enum SmallFile {
    /// The file's bytes.
    case bytes([UInt8])
    /// Something that is no regular file.
    case notRegular
    /// A file of more bytes than allowed.
    case tooLarge
  }

  /// Reads a whole regular file of at most `limit` bytes, however it changes
  /// meanwhile; nothing that is no such file is waited for.
  package static func readSmallFile(
    _ path: String,
    limit: Int
  ) throws(Errno) -> SmallFile {
    let descriptor = try openRegular(path)
    defer { host_close(descriptor) }
    guard try status(of: descriptor).mode & 0o170000 == 0o100000 else { return .notRegular }
    var bytes: [UInt8] = []
    while true {
      let piece = try readStream(descriptor, count: 1 << 16)
      if piece.isEmpty { return .bytes(bytes) }
      bytes += piece
      guard bytes.count <= limit else { return .tooLarge }
    }
  }
}
