import Foundation

/// The calls of sys/xattr.h, which Foundation does not have.
private enum AttributeCalls {
  typealias Set =
    @convention(c) (
      UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, CInt
    ) -> CInt
  typealias Get =
    @convention(c) (
      UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int
    ) -> Int
  typealias List =
    @convention(c) (
      UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int
    ) -> Int

  static let set = unsafe unsafeBitCast(dlsym(nil, "lsetxattr"), to: Set.self)
  static let get = unsafe unsafeBitCast(dlsym(nil, "lgetxattr"), to: Get.self)
  static let list = unsafe unsafeBitCast(dlsym(nil, "llistxattr"), to: List.self)
}

extension RawPath {
  /// Sets an extended attribute of the file, or of the symbolic link itself.
  ///
  /// - Throws: What the host says no to, as one does whose filesystem has no such
  ///   namespace.
  package func setAttribute(_ name: String, _ value: [UInt8]) throws {
    _ = try call("lsetxattr \(name) of \(value.count) bytes on") { path in
      unsafe value.withUnsafeBytes {
        unsafe AttributeCalls.set(path, name, $0.baseAddress, $0.count, 0)
      }
    }
  }

  /// The extended attributes of the file, or of the symbolic link itself.
  package func attributes() throws -> [String: [UInt8]] {
    let names = try unsafe bytes("llistxattr") { path, buffer in
      unsafe AttributeCalls.list(path, buffer.baseAddress, buffer.count)
    }
    var found: [String: [UInt8]] = [:]
    for name in names.split(separator: 0) {
      let name = String(decoding: name, as: UTF8.self)
      found[name] = try unsafe bytes("lgetxattr \(name) of") { path, buffer in
        unsafe AttributeCalls.get(path, name, buffer.baseAddress, buffer.count)
      }
    }
    return found
  }

  /// What a call says of the path, at most 64 KiB.
  private func bytes(
    _ what: String,
    _ read: (UnsafePointer<CChar>, UnsafeMutableRawBufferPointer) -> Int
  ) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xD1, count: 65536)
    let count = try call(what) { path in
      unsafe bytes.withUnsafeMutableBytes { unsafe read(path, $0) }
    }
    return Array(bytes.prefix(count))
  }
}

/// A POSIX ACL as the host tells it: version 2 of linux/posix_acl_xattr.h.
///
/// - Parameter entries: Tags, permissions, and users or groups; `nil` for none.
/// - Returns: The value of the attribute.
package func accessList(_ entries: [(tag: Int, permissions: Int, identifier: Int?)]) -> [UInt8] {
  var bytes: [UInt8] = []
  func add(_ value: Int, size: Int) {
    for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }
  add(2, size: 4)
  for entry in entries {
    add(entry.tag, size: 2)
    add(entry.permissions, size: 2)
    add(entry.identifier ?? 0xFFFF_FFFF, size: 4)
  }
  return bytes
}
