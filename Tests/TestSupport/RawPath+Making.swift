import Foundation

extension RawPath {
  /// Makes a directory.
  package func makeDirectory() throws {
    _ = try call("mkdir") { unsafe mkdir($0, 0o755) }
  }

  /// Makes or overwrites a file.
  package func write(_ bytes: [UInt8] = []) throws {
    try write([(0, bytes)], size: bytes.count)
  }

  /// Makes or overwrites a file, with holes where there is no piece.
  package func write(_ pieces: [(offset: Int, bytes: [UInt8])], size: Int) throws {
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let descriptor = try call("create") { unsafe open($0, flags, 0o644) }
    defer { close(descriptor) }
    for piece in pieces where !piece.bytes.isEmpty {
      let written = unsafe piece.bytes.withUnsafeBytes {
        unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(piece.offset))
      }
      guard written == piece.bytes.count else { throw Refusal(description: "write \(self)") }
    }
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      throw Refusal(description: "truncate \(self)")
    }
  }

  /// Adds bytes to the file's end.
  package func append(_ bytes: [UInt8]) throws {
    let size = try facts().size
    try write([(size, bytes)], size: size + bytes.count)
  }

  /// Changes the file's size.
  package func truncate(to size: Int) throws {
    _ = try call("truncate") { unsafe Foundation.truncate($0, off_t(size)) }
  }

  /// Makes a symbolic link.
  package func makeSymbolicLink(to target: [UInt8]) throws {
    let target = target.map { CChar(bitPattern: $0) } + [0]
    _ = try call("symlink") { path in
      unsafe target.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return Int32(-1) }
        return unsafe symlink(start, path)
      }
    }
  }

  /// Makes a symbolic link.
  package func makeSymbolicLink(to target: String) throws {
    try makeSymbolicLink(to: Array(target.utf8))
  }

  /// Makes a further name of a file, or of a symbolic link itself.
  package func makeHardLink(to existing: RawPath) throws {
    _ = try call("link") { path in
      (try? existing.call("link") { unsafe linkat(AT_FDCWD, $0, AT_FDCWD, path, 0) }) ?? -1
    }
  }

  /// Makes a fifo, a socket or a device: `mode` has the type in it.
  package func makeNode(_ mode: UInt32, major: UInt32 = 0, minor: UInt32 = 0) throws {
    let (major, minor) = (UInt64(major), UInt64(minor))
    let low = minor & 0xFF | (major & 0xFFF) << 8
    let number = low | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32
    _ = try call("mknod") { unsafe mknod($0, mode, dev_t(number)) }
  }

  /// Sets the permissions, `setuid` and the like included.
  package func setPermissions(_ mode: UInt32) throws {
    _ = try call("chmod") { unsafe chmod($0, mode) }
  }

  /// Sets the owners.
  package func setOwner(_ user: UInt32, _ group: UInt32) throws {
    _ = try call("chown") { unsafe lchown($0, user, group) }
  }

  /// Sets when the file, or the symbolic link itself, was modified.
  package func setModified(_ seconds: Int, _ nanoseconds: Int = 0) throws {
    let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
    _ = try call("utimensat") { unsafe utimensat(AT_FDCWD, $0, [time, time], AT_SYMLINK_NOFOLLOW) }
  }

  /// Gives the file another name, in place of what has it.
  package func rename(to other: RawPath) throws {
    _ = try call("rename") { old in
      (try? other.call("rename") { unsafe Foundation.rename(old, $0) }) ?? -1
    }
  }

  /// Removes the file.
  package func remove() throws {
    _ = try call("unlink") { unsafe unlink($0) }
  }
}
