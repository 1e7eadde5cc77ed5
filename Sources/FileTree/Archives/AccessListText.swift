/// POSIX ACLs as text (`acl_to_text`), and as Linux keeps them.
enum AccessListText {
  /// What a text is.
  enum Outcome: Equatable {
    /// An ACL as Linux keeps it.
    case list(List)
    /// It says no more than the permissions do.
    case isMode
    /// It names a user or a group whose number it does not tell.
    case namesSomebody
    /// It is not an ACL.
    case isWrong
  }

  /// An ACL as Linux keeps it.
  struct List: Equatable {
    /// The value of `system.posix_acl_access` or `system.posix_acl_default`
    /// (linux/posix_acl_xattr.h).
    var value: [UInt8]
    /// What the permissions of a file are that has it, nine bits: the mask stands
    /// for the group's.
    var permissions: UInt16
  }

  /// Tags of linux/posix_acl.h.
  private enum Tag: Int {
    case owner = 1
    case user = 2
    case group = 4
    case namedGroup = 8
    case mask = 16
    case other = 32
  }

  private struct Entry {
    var tag: Tag
    var permissions: UInt8
    /// No one in particular is 0xFFFFFFFF.
    var id: UInt32 = .max
  }

  /// The list that entries like `user:1000:rw-` make, separated by commas or on
  /// lines of their own; a fourth field is the number of the one who is named.
  static func encode(_ text: [UInt8], isDefault: Bool) -> Outcome {
    var entries: [Entry] = []
    for line in text.split(whereSeparator: { $0 == 10 || $0 == UInt8(ascii: ",") }) {
      let words = line.prefix { $0 != UInt8(ascii: "#") }.filter { $0 != 32 && $0 != 9 && $0 != 0 }
      if words.isEmpty { continue }
      var fields = words.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      if fields.first?.elementsEqual("default".utf8) == true {
        fields.removeFirst()
      }
      // The short form leaves out the empty name.
      if fields.count == 2 { fields.insert([], at: 1) }
      guard (3...4).contains(fields.count), let permissions = permissions(fields[2]) else {
        return .isWrong
      }
      let isNamed = !fields[1].isEmpty
      guard let tag = tag(fields[0], isNamed: isNamed) else { return .isWrong }
      var entry = Entry(tag: tag, permissions: permissions)
      if isNamed {
        guard let id = number(fields) else { return .namesSomebody }
        entry.id = id
      }
      entries.append(entry)
    }
    let tags = entries.map(\.tag)
    guard tags.contains(.owner), tags.contains(.group), tags.contains(.other) else {
      return .isWrong
    }
    if entries.count == 3 && !isDefault { return .isMode }
    entries.sort { ($0.tag.rawValue, $0.id) < ($1.tag.rawValue, $1.id) }
    var value: [UInt8] = [2, 0, 0, 0]
    for entry in entries {
      value += [UInt8(entry.tag.rawValue), 0, entry.permissions, 0]
      for shift in [0, 8, 16, 24] { value.append(UInt8(truncatingIfNeeded: entry.id >> shift)) }
    }
    var permissions: UInt16 = 0
    for entry in entries {
      switch entry.tag {
      case .owner: permissions |= UInt16(entry.permissions) << 6
      case .group where tags.contains(.mask): break
      case .group, .mask: permissions |= UInt16(entry.permissions) << 3
      case .other: permissions |= UInt16(entry.permissions)
      case .user, .namedGroup: break
      }
    }
    return .list(List(value: value, permissions: permissions))
  }

  private static func permissions(_ text: ArraySlice<UInt8>) -> UInt8? {
    var permissions: UInt8 = 0
    for character in text {
      switch character {
      case UInt8(ascii: "r"): permissions |= 4
      case UInt8(ascii: "w"): permissions |= 2
      case UInt8(ascii: "x"): permissions |= 1
      case UInt8(ascii: "-"): break
      default: return nil
      }
    }
    return permissions
  }

  private static func tag(_ name: ArraySlice<UInt8>, isNamed: Bool) -> Tag? {
    switch String(decoding: name, as: UTF8.self) {
    case "user", "u": isNamed ? .user : .owner
    case "group", "g": isNamed ? .namedGroup : .group
    case "mask", "m": isNamed ? nil : .mask
    case "other", "o": isNamed ? nil : .other
    default: nil
    }
  }

  /// The number of the one who is named; `root` has 0 everywhere.
  private static func number(_ fields: [ArraySlice<UInt8>]) -> UInt32? {
    let digits = fields.count == 4 ? fields[3] : fields[1]
    if let number = TarNumber.parseDecimal(digits) { return UInt32(exactly: number) }
    return fields[1].elementsEqual("root".utf8) ? 0 : nil
  }
}
