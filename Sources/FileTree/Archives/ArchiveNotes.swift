import DiskModel

/// What an archive says that a tree does not hold, for the user to know.
struct ArchiveNotes {
  /// Whether the archive just stops, without the zero blocks of an end.
  var hasNoEnd = false

  /// The first file whose ACL names users that only some host knows.
  var namedAccessList: [UInt8]?

  /// An extended attribute that belongs to the filesystem it was on.
  private var foreignAttribute: [UInt8]?

  /// Takes note of such an attribute; the first by name is told.
  mutating func add(foreignAttribute name: [UInt8]) {
    guard let known = foreignAttribute, known.lexicographicallyPrecedes(name) else {
      foreignAttribute = name
      return
    }
  }

  /// The notes, a line each.
  func lines(of archive: String) -> [String] {
    var lines: [String] = []
    if hasNoEnd { lines.append("\(archive) has no end mark; it may be cut short") }
    if let namedAccessList {
      let file = HostPath.printable(namedAccessList)
      lines.append(
        "\(archive): ACLs that name users or groups without their numbers are left out, such as "
          + "that of \(file)"
      )
    }
    if let foreignAttribute {
      let name = HostPath.printable(foreignAttribute)
      lines.append("\(archive): extended attributes of a host's own, like \(name), are left out")
    }
    return lines
  }
}
