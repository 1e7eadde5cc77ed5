import DiskModel

/// Keeps the content of one file that a manifest made: a file of the host, or nothing.
final class MadeContent: ContentStore {
  private let file: SealedHostFile?
  private let path: String

  /// Nothing: an empty file.
  init() {
    file = nil
    path = "an empty file of a manifest"
  }

  /// A file of the host.
  init(_ file: SealedHostFile, path: String) {
    self.file = file
    self.path = HostPath.printable(path.utf8)
  }

  func content(of file: Int) -> FileContent { FileContent(self.file?.source ?? Nothing()) }

  func path(of file: Int) -> String { path }

  /// No bytes at all.
  private final class Nothing: ByteSource {
    func read(
      _ count: Int,
      at offset: Int,
      into output: inout OutputRawSpan
    ) throws(ReadFailure) {
      guard count > 0 else { return }
      throw ReadFailure(subject: "an empty file", offset: offset, cause: "it has no bytes")
    }
  }
}
