import DiskModel

/// What a manifest says of one file.
struct ManifestEntry: Sendable {
  /// The path from the root of the tree, without a leading slash; empty for the root.
  var path: [UInt8] = []
  var place = ManifestPlace(line: 1, column: 1)
  var action = Action.set
  /// What happens if there is no such file.
  var absence = Absence.makes

  var kind: Placed<Node.Kind>?
  /// The mode's lower twelve bits.
  var permissions: UInt16?
  var user: Placed<Owner>?
  var group: Placed<Owner>?
  var modified: Timestamp?
  /// Where a symbolic link leads.
  var target: Placed<[UInt8]>?
  var device: Placed<Node.DeviceNumber>?
  /// Bytes that a regular file has to have.
  var size: Placed<Int>?
  /// A file of the host that the content is in, relative to the manifest's folder.
  var contents: Placed<[UInt8]>?
  /// Extended attributes that it gets beside those that it has.
  var attributes: [ExtendedAttribute] = []

  /// A user or a group.
  enum Owner: Equatable, Sendable {
    case number(UInt32)
    /// To be looked up in the tree.
    case name([UInt8])
  }

  /// What is done.
  enum Action: Sendable {
    /// The file gets these attributes.
    case set
    /// So does everything below it; symbolic links keep their mode.
    case setBelow
    /// Nothing is, but it has to be there.
    case expect
    /// It is removed, with everything below it.
    case remove
  }

  /// What happens if there is no such file.
  enum Absence: Sendable {
    /// It is made, and directories above it.
    case makes
    /// Nothing.
    case skips
    /// That is an error.
    case refuses
  }

  /// Largest user or group (`(uid_t)-1` is none, chown(2)).
  static let ownerLimit = 0xFFFF_FFFE

  /// Largest numbers of devices (`dev_t` of Linux has 12 and 20 bits).
  static let deviceLimit = (major: 0xFFF, minor: 0xF_FFFF)

  /// A path from the root in its components.
  ///
  /// - Throws: What is wrong with it.
  static func path(
    _ components: some Sequence<[UInt8]>,
    at place: ManifestPlace
  ) throws(ManifestError) -> [UInt8] {
    var path: [UInt8] = []
    for component in components where !component.isEmpty && component != [UInt8(ascii: ".")] {
      if component == [UInt8(ascii: "."), UInt8(ascii: ".")] {
        throw ManifestError("a path may not have .. in it; write it from the root", at: place)
      }
      if component.contains(0) || component.contains(UInt8(ascii: "/")) {
        throw ManifestError("a name cannot have a slash or a zero byte in it", at: place)
      }
      if component.count > 255 {
        throw ManifestError("a name has at most 255 bytes", at: place)
      }
      if !path.isEmpty { path.append(UInt8(ascii: "/")) }
      path.append(contentsOf: component)
    }
    return path
  }
}
