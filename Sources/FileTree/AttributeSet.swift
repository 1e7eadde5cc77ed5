/// The extended attributes of a file, in one piece.
///
/// They are sorted by the bytes of their names, so equal attributes are equal
/// sets, whatever the order in which a host lists them.
package struct AttributeSet: Hashable, Sendable {
  /// For each attribute the size of its name in 8 bits, that of its value in
  /// 24 (little-endian), the name and the value.
  let bytes: [UInt8]

  /// Most bytes of a name (`XATTR_NAME_MAX` of linux/limits.h).
  package static let nameLimit = 255

  /// A set of these attributes, in any order.
  ///
  /// - Precondition: No name has more than 255 bytes, and no value 16 MiB.
  package init(_ attributes: [ExtendedAttribute]) {
    var bytes: [UInt8] = []
    let sorted = attributes.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    bytes.reserveCapacity(sorted.reduce(0) { $0 + 4 + $1.name.count + $1.value.count })
    for attribute in sorted {
      let size = attribute.value.count
      precondition(attribute.name.count <= Self.nameLimit, "a name has at most 255 bytes")
      precondition(size < 1 << 24, "the size of a value has 24 bits")
      bytes.append(UInt8(attribute.name.count))
      for shift in [0, 8, 16] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
      bytes.append(contentsOf: attribute.name)
      bytes.append(contentsOf: attribute.value)
    }
    self.bytes = bytes
  }

  package var isEmpty: Bool { bytes.isEmpty }

  /// The attributes, sorted by the bytes of their names.
  package var attributes: [ExtendedAttribute] {
    var attributes: [ExtendedAttribute] = []
    var position = 0
    while position < bytes.count {
      let name = position + 4
      let value = name + Int(bytes[position])
      let size = bytes[position + 1..<name].reversed().reduce(0) { $0 << 8 | Int($1) }
      attributes.append(
        ExtendedAttribute(name: bytes[name..<value], value: bytes[value..<value + size])
      )
      position = value + size
    }
    return attributes
  }
}

/// An extended attribute as Linux tells it: `user.comment` and its value.
package struct ExtendedAttribute: Equatable, Sendable {
  /// The name, with its namespace in front.
  package var name: ArraySlice<UInt8>
  package var value: ArraySlice<UInt8>

  package init(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
    self.name = name
    self.value = value
  }

  /// Whether it belongs to the file, and not to the filesystem that the file is
  /// on: that has names of its own, like `btrfs.compression` or `system.nfs4_acl`.
  var isPortable: Bool {
    Self.portableNamespaces.contains { name.starts(with: $0.utf8) }
      || Self.accessLists.contains { name.elementsEqual($0.utf8) }
  }

  /// Namespaces of every Linux filesystem (xattr(7)).
  private static let portableNamespaces = ["user.", "trusted.", "security."]

  /// POSIX ACLs (linux/xattr.h).
  private static let accessLists = ["system.posix_acl_access", "system.posix_acl_default"]
}
