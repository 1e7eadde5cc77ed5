/// A POSIX ACL, as a host tells it and as it is stored.
///
/// Hosts have entries of 8 bytes (version 2, linux/posix_acl_xattr.h); stored are
/// shorter ones for all that is about no one in particular (version 1,
/// fs/ext4/acl.h).
struct AccessList: Equatable {
  var entries: [Entry]

  /// What somebody may do.
  struct Entry: Equatable {
    var tag: UInt16
    var permissions: UInt16
    /// The user or group, if the tag is about one.
    var identifier: UInt32

    /// `ACL_USER` and `ACL_GROUP`.
    var isNamed: Bool { tag == 0x02 || tag == 0x08 }

    /// `ACL_USER_OBJ`, `ACL_GROUP_OBJ`, `ACL_MASK` and `ACL_OTHER`.
    var isKnown: Bool { isNamed || [0x01, 0x04, 0x10, 0x20].contains(tag) }
  }

  /// `POSIX_ACL_XATTR_VERSION`.
  private static let hostVersion = 2

  /// `EXT4_ACL_VERSION`.
  private static let storedVersion = 1

  /// Reads the value of `system.posix_acl_access` or `..._default`; `nil` if it is
  /// something else.
  init?(_ value: ArraySlice<UInt8>) {
    func number(at offset: Int, size: Int) -> Int {
      let start = value.startIndex + offset
      return value[start..<start + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    guard value.count >= 4, value.count % 8 == 4, number(at: 0, size: 4) == Self.hostVersion
    else { return nil }
    entries = stride(from: 4, to: value.count, by: 8).map { offset in
      Entry(
        tag: UInt16(number(at: offset, size: 2)),
        permissions: UInt16(number(at: offset + 2, size: 2)),
        identifier: UInt32(number(at: offset + 4, size: 4))
      )
    }
    guard entries.allSatisfy(\.isKnown) else { return nil }
  }

  /// The value as it is stored.
  var stored: [UInt8] {
    var bytes: [UInt8] = []
    func add(_ value: Int, size: Int) {
      for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    add(Self.storedVersion, size: 4)
    for entry in entries {
      add(Int(entry.tag), size: 2)
      add(Int(entry.permissions), size: 2)
      if entry.isNamed { add(Int(entry.identifier), size: 4) }
    }
    return bytes
  }
}
