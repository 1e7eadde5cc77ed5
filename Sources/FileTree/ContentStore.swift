package import DiskModel

/// Keeps the content of files, each of which has a number there.
///
/// A directory of the host is one, and so is an archive: a tree that was merged
/// from several has several.
package protocol ContentStore: AnyObject, Sendable {
  /// Where the bytes of a regular file are.
  func content(of file: Int) -> FileContent

  /// The path of a file, for people: where they find it.
  func path(of file: Int) -> String
}

/// Where the bytes of a regular file are.
package struct FileContent: Sendable {
  /// The source that has them.
  package var source: any ByteSource

  /// Where the file starts in the source, in bytes.
  package var offset: Int

  /// The bytes of `source` from `offset` on.
  package init(_ source: any ByteSource, offset: Int = 0) {
    self.source = source
    self.offset = offset
  }
}

/// A file of one of a tree's stores.
package struct ContentReference: Sendable, Equatable {
  /// The number of the store.
  var store: UInt32
  /// The number of the file there.
  var file: UInt32

  /// Stands for no file of any store.
  static let none = ContentReference(store: .max, file: 0)

  var isNone: Bool { store == .max }
}
