public import DiskModel
import NBDProtocol

/// A disk under a name.
public struct Export: Sendable {
  /// The name that clients ask for: at most 4,096 bytes, without NUL.
  public var name: String

  /// What it is, for people; at most 4,096 bytes, without NUL.
  public var description: String

  /// What clients read.
  public var disk: Disk

  /// Creates an export.
  public init(name: String, description: String, disk: Disk) {
    self.name = name
    self.description = description
    self.disk = disk
  }

  var information: ExportInformation {
    ExportInformation(name: name, description: description, size: UInt64(disk.size))
  }
}

/// The exports of a server.
public struct ExportCatalog: Sendable {
  /// The exports that are listed, in this order.
  ///
  /// The first one is the default export, which clients get that ask for none by
  /// name.
  public let exports: [Export]

  /// Creates a catalog.
  public init(_ exports: [Export]) { self.exports = exports }

  /// The export that a client means by `name`; the empty name means the default.
  func export(named name: [UInt8]) -> Export? {
    if let export = exports.first(where: { Array($0.name.utf8) == name }) { return export }
    return name.isEmpty ? exports.first : nil
  }
}
