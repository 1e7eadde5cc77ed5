import FileTree

/// An extended attribute as it is stored.
///
/// Layout: "Extended Attributes" in the kernel's ext4 documentation, and
/// fs/ext4/xattr.h.
struct StoredAttribute: Hashable {
  /// What the name starts with (`e_name_index`).
  var namespace: UInt8
  /// The rest of the name (`e_name`).
  var name: ArraySlice<UInt8>
  var value: ArraySlice<UInt8>

  /// `EXT4_XATTR_INDEX_POSIX_ACL_ACCESS` and `..._DEFAULT`: the whole name.
  private static let accessLists: [(namespace: UInt8, name: String)] = [
    (2, "system.posix_acl_access"), (3, "system.posix_acl_default"),
  ]

  /// `EXT4_XATTR_INDEX_USER`, `..._TRUSTED` and `..._SECURITY`: a prefix.
  private static let prefixes: [(namespace: UInt8, prefix: String)] = [
    (1, "user."), (4, "trusted."), (6, "security."),
  ]

  /// The attribute as it is stored; `nil` if it cannot be.
  init?(_ attribute: ExtendedAttribute) {
    if let list = Self.accessLists.first(where: { attribute.name.elementsEqual($0.name.utf8) }) {
      guard let value = AccessList(attribute.value)?.stored else { return nil }
      self.init(namespace: list.namespace, name: [], value: value[...])
      return
    }
    guard let found = Self.prefixes.first(where: { attribute.name.starts(with: $0.prefix.utf8) })
    else { return nil }
    self.init(
      namespace: found.namespace,
      name: attribute.name.dropFirst(found.prefix.utf8.count),
      value: attribute.value
    )
  }

  init(namespace: UInt8, name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
    self.namespace = namespace
    self.name = name
    self.value = value
  }

  /// The order of entries in a block: by namespace, length of the name, and name
  /// (`ext4_xattr_find_entry`, which stops searching by it).
  func precedes(_ other: StoredAttribute) -> Bool {
    if namespace != other.namespace { return namespace < other.namespace }
    if name.count != other.name.count { return name.count < other.name.count }
    return name.lexicographicallyPrecedes(other.name)
  }

  /// Bytes of the entry, without the name.
  static let headSize = 16

  /// Entries and values take multiples of so many bytes (`EXT4_XATTR_PAD`).
  static let unit = 4

  static func padded(_ count: Int) -> Int { (count + unit - 1) / unit * unit }

  /// Bytes of entry and value, a multiple of ``unit``.
  var size: Int { Self.headSize + Self.padded(name.count) + Self.padded(value.count) }

  /// `e_hash` of an entry in a block (`ext4_xattr_hash_entry`): over the bytes of
  /// the name, unsigned, and the words of the value.
  var hash: UInt32 {
    var hash: UInt32 = 0
    for byte in name { hash = hash << 5 ^ hash >> 27 ^ UInt32(byte) }
    var word: UInt32 = 0
    for (index, byte) in value.enumerated() {
      word |= UInt32(byte) << UInt32(8 * (index % 4))
      if index % 4 == 3 || index + 1 == value.count {
        hash = hash << 16 ^ hash >> 16 ^ word
        word = 0
      }
    }
    return hash
  }

  /// `h_hash` of a block with these entries (`ext4_xattr_rehash`); 0, "not
  /// shared", if one of theirs is.
  static func hash(of attributes: [StoredAttribute]) -> UInt32 {
    let hashes = attributes.map(\.hash)
    if hashes.contains(0) { return 0 }
    return hashes.reduce(0) { $0 << 16 ^ $0 >> 16 ^ $1 }
  }
}
