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

  /// Is told what clients read; usually nobody is.
  public var observer: (any ReadObserver)?

  /// What clients read, and who decides it.
  public enum Content: Sendable {
    /// One disk for all.
    case disk(Disk)

    /// A disk that is made for a client when it asks for it.
    case perSession(SessionDisk)
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

/// The exports of a server.
public struct ExportCatalog: Sendable {
  /// The exports that are listed, in this order.
  ///
  /// The first one is the default export, which clients get that ask for none by
  /// name.
  public let exports: [Export]

  /// What clients get that ask for any other name; `nil` for nothing.
  ///
  /// To them it has the name that they asked for.
  public let other: Export?

  /// Creates a catalog.
  ///
  /// - Parameters:
  ///   - exports: The exports that are listed.
  ///   - other: What clients get that ask for any other name.
  public init(_ exports: [Export], other: Export? = nil) {
    self.exports = exports
    self.other = other
  }

  /// The export that a client means by `name`, and what it is called then; the
  /// empty name means the default.
  func export(named name: [UInt8]) -> (export: Export, name: [UInt8])? {
    if let export = exports.first(where: { Array($0.name.utf8) == name }) { return (export, name) }
    if name.isEmpty, let first = exports.first { return (first, Array(first.name.utf8)) }
    return other.map { ($0, name) }
  }
}

/// An export as one client uses it.
struct ResolvedExport: Sendable {
  var disk: Disk
  var information: ExportInformation
  /// Is told what the client reads.
  var observer: (any ReadObserver)?

  init(_ disk: Disk, of export: Export, name: [UInt8], isSameForAll: Bool) {
    self.disk = disk
    observer = export.observer
    information = ExportInformation(
      name: name,
      description: export.description,
      size: UInt64(disk.size),
      isSameForAll: isSameForAll
    )
  }
}
