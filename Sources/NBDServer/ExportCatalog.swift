import NBDProtocol
import Synchronization

/// The exports of a server.
public struct ExportCatalog: Sendable {
  /// The exports that are listed, in this order.
  public let exports: [Export]

  /// What clients get that ask for any other name; `nil` for nothing.
  ///
  /// To them it has the name that they asked for.
  public let other: Export?

  /// Which of the exports clients get that ask for none by name.
  private let defaultIndex: Int

  /// Where the export of each name is.
  private let indices: [[UInt8]: Int]

  /// What answers those who ask for the list, once somebody did.
  private let encodedList = EncodedList()

  private final class EncodedList: Sendable {
    let bytes = Mutex<[UInt8]?>(nil)
  }

  /// The replies that list the exports.
  ///
  /// Of many exports they take a while, so they are made once.
  var listing: [UInt8] {
    encodedList.bytes.withLock { bytes in
      if let bytes { return bytes }
      let made = Negotiation.encodeList(of: exports.lazy.map { ($0.name, $0.description) })
      bytes = made
      return made
    }
  }

  /// Creates a catalog.
  ///
  /// - Parameters:
  ///   - exports: The exports that are listed; of several with one name, the first
  ///     counts.
  ///   - defaultName: The name of the export that clients get that ask for none by
  ///     name, unless there is one without a name; `nil` for the first.
  ///   - other: What clients get that ask for any other name.
  public init(_ exports: [Export], defaultName: String? = nil, other: Export? = nil) {
    self.exports = exports
    self.other = other
    var indices: [[UInt8]: Int] = [:]
    indices.reserveCapacity(exports.count)
    for (index, export) in exports.enumerated() where indices[Array(export.name.utf8)] == nil {
      indices[Array(export.name.utf8)] = index
    }
    self.indices = indices
    defaultIndex = defaultName.flatMap { indices[Array($0.utf8)] } ?? 0
  }

  /// The export that a client means by `name`, and what it is called then; the
  /// empty name means the default.
  func export(named name: [UInt8]) -> (export: Export, name: [UInt8])? {
    if let index = indices[name] { return (exports[index], name) }
    if name.isEmpty, exports.indices.contains(defaultIndex) {
      let export = exports[defaultIndex]
      return (export, Array(export.name.utf8))
    }
    return other.map { ($0, name) }
  }
}
