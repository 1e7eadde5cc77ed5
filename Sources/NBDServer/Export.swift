public import DiskModel
import NBDProtocol

/// A disk under a name.
public struct Export: Sendable {
  /// The name that clients ask for: at most 4,096 bytes, without NUL.
  public var name: String

  /// What it is, for people; at most 4,096 bytes, without NUL.
  public var description: String

  /// What clients read.
  public var content: Content

  /// What clients read, and who decides it.
  public enum Content: Sendable {
    /// One disk for all.
    case disk(Disk)

    /// A disk that is made for a client when it asks for it.
    case perSession(SessionDisk)

    /// One of the above, made when the first client asks for it.
    case deferred(DeferredContent)
  }

  /// Creates an export that is the same for all clients.
  public init(name: String, description: String, disk: Disk) {
    self.init(name: name, description: description, content: .disk(disk))
  }

  /// Creates an export.
  public init(name: String, description: String, content: Content) {
    self.name = name
    self.description = description
    self.content = content
  }
}

/// An export as one client uses it.
struct ResolvedExport: Sendable {
  var disk: Disk
  var information: ExportInformation

  init(_ disk: Disk, of export: Export, name: [UInt8], isSameForAll: Bool) {
    self.disk = disk
    information = ExportInformation(
      name: name,
      description: export.description,
      size: UInt64(disk.size),
      isSameForAll: isSameForAll
    )
  }
}
