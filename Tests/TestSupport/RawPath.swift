import Foundation

/// A path of the host, which need not be text.
package struct RawPath: Hashable, Sendable, CustomStringConvertible {
  /// The path, without a final zero.
  package var bytes: [UInt8]

  /// The path that `text` is in UTF-8.
  package init(_ text: String) { bytes = Array(text.utf8) }

  /// The path of these bytes.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// The path of a child.
  package static func / (folder: RawPath, name: [UInt8]) -> RawPath {
    folder.bytes.isEmpty ? RawPath(bytes: name) : RawPath(bytes: folder.bytes + [0x2F] + name)
  }

  /// The path of what is `path` below.
  package static func / (folder: RawPath, path: String) -> RawPath { folder / Array(path.utf8) }

  package var description: String { String(decoding: bytes, as: UTF8.self) }

  /// What a system call said no to.
  package struct Refusal: Error, CustomStringConvertible {
    package var description: String
  }

  /// Makes a system call with the path.
  @safe func call<Result: SignedInteger>(
    _ what: String,
    _ body: (UnsafePointer<CChar>) -> Result
  ) throws -> Result {
    let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
    let result = unsafe terminated.withUnsafeBufferPointer { buffer -> Result in
      guard let start = buffer.baseAddress else { return -1 }
      return unsafe body(start)
    }
    guard result >= 0 else {
      throw Refusal(description: "\(what) \(self): \(unsafe String(cString: strerror(errno)))")
    }
    return result
  }
}

/// What the host says of a file.
package struct FileFacts: Sendable, Equatable {
  /// Type and permissions, as in `st_mode`.
  package var mode: UInt32
  package var user: UInt32
  package var group: UInt32
  package var size: Int
  package var linkCount: Int
  /// The file's number, and that of its filesystem.
  package var inode: UInt64
  package var device: UInt64
  package var specialMajor: UInt32
  package var specialMinor: UInt32
  /// When it was modified: since 1970, seconds and nanoseconds.
  package var seconds: Int
  package var nanoseconds: Int

  /// The type alone: one of `S_IFREG` and so on.
  package var type: UInt32 { mode & 0o170000 }
  package var isDirectory: Bool { type == 0o040000 }
  package var isRegular: Bool { type == 0o100000 }
  package var isSymbolicLink: Bool { type == 0o120000 }
}

extension RawPath {
  /// What the host says of the file, or of the symbolic link itself.
  package func facts() throws -> FileFacts {
    var status = stat()
    _ = try call("lstat") { unsafe lstat($0, &status) }
    let number = UInt64(status.st_rdev)
    return FileFacts(
      mode: status.st_mode,
      user: status.st_uid,
      group: status.st_gid,
      size: Int(status.st_size),
      linkCount: Int(status.st_nlink),
      inode: UInt64(status.st_ino),
      device: UInt64(status.st_dev),
      specialMajor: UInt32(truncatingIfNeeded: (number >> 8) & 0xFFF | (number >> 32) & ~0xFFF),
      specialMinor: UInt32(truncatingIfNeeded: number & 0xFF | (number >> 12) & ~0xFF),
      seconds: Int(status.st_mtim.tv_sec),
      nanoseconds: Int(status.st_mtim.tv_nsec)
    )
  }

  /// The names in the directory, sorted.
  package func names() throws -> [[UInt8]] {
    let descriptor = try call("open") { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let stream = unsafe fdopendir(descriptor) else {
      throw Refusal(description: "fdopendir \(self)")
    }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0) }
      let bytes = Array(name.prefix { $0 != 0 })
      if bytes != [0x2E] && bytes != [0x2E, 0x2E] { names.append(bytes) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Where the symbolic link leads.
  package func target() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0xD1, count: 5000)
    let count = try call("readlink") { path in
      unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return -1 }
        return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), bytes.count)
      }
    }
    return Array(buffer.prefix(count))
  }

  /// Bytes of the file, fewer at its end.
  package func read(_ range: Range<Int>) throws -> [UInt8] {
    let descriptor = try call("open") { unsafe open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
    defer { close(descriptor) }
    return unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let offset = off_t(range.lowerBound + count)
        let rest = unsafe buffer.baseAddress?.advanced(by: count)
        let result = unsafe pread(descriptor, rest, range.count - count, offset)
        if result <= 0 { break }
        count += result
      }
    }
  }

  /// Everything below the directory, each before what is in it; paths are
  /// relative to it.
  package func everythingBelow() throws -> [(path: RawPath, facts: FileFacts)] {
    var found: [(path: RawPath, facts: FileFacts)] = []
    var waiting = [RawPath(bytes: [])]
    while let folder = waiting.popLast() {
      for name in try (folder.bytes.isEmpty ? self : self / folder.bytes).names() {
        let path = folder / name
        let facts = try (self / path.bytes).facts()
        found.append((path, facts))
        if facts.isDirectory { waiting.append(path) }
      }
    }
    return found
  }
}
