import DiskModel
import GeneratorKit

/// Extended attributes and ACLs, which pax records carry.
extension TarEntry {
  /// The attributes that the records tell of.
  ///
  /// The same attribute may be told in several ways: the plainest one counts.
  ///
  /// - Parameters:
  ///   - permissions: Follow an ACL, as they do when a file gets one.
  ///   - notes: Receives what is left out.
  /// - Returns: The attributes, in any order.
  /// - Throws: ``Fault`` for what is no attribute.
  func attributes(
    permissions: inout UInt16,
    notes: inout ArchiveNotes
  ) throws(Fault) -> [ExtendedAttribute] {
    var found: [[UInt8]: [UInt8]] = [:]
    for (keyword, value) in records.values {
      if let name = Self.suffix(of: keyword, behind: "SCHILY.xattr.") {
        found[Self.unescaped(name)] = value
      }
    }
    for (keyword, value) in records.values {
      guard let encoded = Self.suffix(of: keyword, behind: "LIBARCHIVE.xattr.") else { continue }
      let name = Self.percentDecoded(encoded)
      if found[name] != nil { continue }
      guard let decoded = try? Base64.decode(value, as: .lenient) else {
        throw .member("an extended attribute is not Base64")
      }
      found[name] = decoded
    }
    let context = Array("security.selinux".utf8)
    if found[context] == nil, let value = records["RHT.security.selinux"] {
      found[context] = value + [0]
    }
    try addAccessLists(to: &found, permissions: &permissions, notes: &notes)

    var attributes: [ExtendedAttribute] = []
    for (name, value) in found {
      guard (1...AttributeSet.nameLimit).contains(name.count), !name.contains(0) else {
        throw .member("an extended attribute has a name of \(name.count) bytes; 1 to 255 can be")
      }
      let attribute = ExtendedAttribute(name: name[...], value: value[...])
      guard attribute.isPortable else {
        notes.add(foreignAttribute: name)
        continue
      }
      guard value.count <= 65536 else {
        let shown = HostPath.printable(name)
        throw .member("its attribute \(shown) has \(value.count) bytes; 64 KiB can be")
      }
      attributes.append(attribute)
    }
    return attributes
  }

  private func addAccessLists(
    to found: inout [[UInt8]: [UInt8]],
    permissions: inout UInt16,
    notes: inout ArchiveNotes
  ) throws(Fault) {
    for kind in ["access", "default"] {
      let name = Array("system.posix_acl_\(kind)".utf8)
      guard found[name] == nil, let text = records["SCHILY.acl.\(kind)"] else { continue }
      switch AccessListText.encode(text, isDefault: kind == "default") {
      case .list(let list):
        found[name] = list.value
        if kind == "access" { permissions = permissions & ~0o777 | list.permissions }
      case .isMode: break
      case .namesSomebody: notes.namedAccessList = notes.namedAccessList ?? self.name
      case .isWrong: throw .member("its SCHILY.acl.\(kind) is not an ACL")
      }
    }
  }

  private static func suffix(of keyword: [UInt8], behind prefix: String) -> ArraySlice<UInt8>? {
    keyword.starts(with: prefix.utf8) ? keyword.dropFirst(prefix.utf8.count) : nil
  }

  /// A name that GNU tar wrote: `%3D` and `%25` stand for `=` and `%`.
  private static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8] {
    percentDecoded(name) { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "%") }
  }

  /// A name with `%XX` decoded, where the byte is one that is escaped.
  private static func percentDecoded(
    _ name: ArraySlice<UInt8>,
    where isEscaped: (UInt8) -> Bool = { _ in true }
  ) -> [UInt8] {
    var decoded: [UInt8] = []
    var rest = name
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16),
        isEscaped(value)
      {
        decoded.append(value)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return decoded
  }
}
