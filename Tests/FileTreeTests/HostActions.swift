import DiskModel
import Foundation
import TestSupport
import Testing

/// What tests do to the host's files; a failure is a failure of the test.
enum Host {
  struct Refusal: Error {
    var action: String
    var number: CInt
  }

  static func check(_ result: some SignedInteger, _ action: String) throws {
    guard result >= 0 else { throw Refusal(action: action, number: errno) }
  }

  /// Creates or overwrites a file with pieces of data at offsets, and holes
  /// between them.
  static func write(_ path: String, _ pieces: [(offset: Int, bytes: [UInt8])], size: Int) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    try check(descriptor, "create \(path)")
    defer { close(descriptor) }
    for piece in pieces {
      let written = unsafe piece.bytes.withUnsafeBytes {
        unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(piece.offset))
      }
      try check(written, "write \(path)")
      #expect(written == piece.bytes.count)
    }
    try check(ftruncate(descriptor, off_t(size)), "truncate \(path)")
  }

  static func write(_ path: String, _ bytes: [UInt8] = []) throws {
    try write(path, [(0, bytes)], size: bytes.count)
  }

  static func makeDirectory(_ path: String) throws {
    try check(unsafe mkdir(path, 0o755), "mkdir \(path)")
  }

  static func link(_ path: String, to target: String) throws {
    try check(unsafe symlink(target, path), "symlink \(path)")
  }

  /// A further name of a file; of a symbolic link itself if it is one.
  static func hardLink(_ path: String, to existing: String) throws {
    try check(unsafe linkat(AT_FDCWD, existing, AT_FDCWD, path, 0), "link \(path)")
  }

  static func makeFIFO(_ path: String) throws {
    try check(unsafe mkfifo(path, 0o644), "mkfifo \(path)")
  }

  static func makeSocket(_ path: String) throws {
    try check(unsafe mknod(path, S_IFSOCK | 0o755, 0), "mknod \(path)")
  }

  /// The number is put together as glibc's `makedev` does.
  static func makeDevice(_ path: String, _ mode: mode_t, major: UInt32, minor: UInt32) throws {
    let (major, minor) = (dev_t(major), dev_t(minor))
    let low = minor & 0xFF | (major & 0xFFF) << 8
    let number = low | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32
    try check(unsafe mknod(path, mode, number), "mknod \(path)")
  }

  static func setMode(_ path: String, _ mode: mode_t) throws {
    try check(unsafe chmod(path, mode), "chmod \(path)")
  }

  static func setModified(_ path: String, _ time: Timestamp) throws {
    let stamp = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
    let result = unsafe utimensat(AT_FDCWD, path, [stamp, stamp], AT_SYMLINK_NOFOLLOW)
    try check(result, "utimensat \(path)")
  }

  static func move(_ path: String, to other: String) throws {
    try check(unsafe rename(path, other), "rename \(path)")
  }

  static func remove(_ path: String) throws {
    try check(unsafe unlink(path), "unlink \(path)")
  }

  static func status(_ path: String) throws -> stat {
    var status = stat()
    try check(unsafe lstat(path, &status), "lstat \(path)")
    return status
  }

  static func changeTime(_ path: String) throws -> Timestamp {
    let time = try status(path).st_ctim
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }
}
