import DiskModel

/// The files of an archive, by the numbers of their members.
final class ArchiveStore: ContentStore {
  private let archive: ArchiveBytes
  private let files: [File]
  /// The paths of members, side by side.
  private let text: [UInt8]

  /// What is kept of a member.
  private struct File {
    var path: Range<Int>
    /// Where content starts in the archive.
    var offset: Int
    /// Where a sparse file has data.
    var ranges: [Range<Int>]?
  }

  init(_ archive: ArchiveBytes, _ members: [TarMember]) {
    self.archive = archive
    var text: [UInt8] = []
    files = members.map { member in
      let start = text.count
      text += member.path
      var file = File(path: start..<text.count, offset: 0)
      if case .regular(let content) = member.kind {
        file.offset = content.offset
        file.ranges = content.ranges
      }
      return file
    }
    self.text = text
  }

  func content(of file: Int) -> FileContent {
    let offset = archive.offset + files[file].offset
    guard let ranges = files[file].ranges else {
      return FileContent(archive.source, offset: offset)
    }
    return FileContent(SparseMember(archive.source, offset: offset, ranges: ranges))
  }

  func path(of file: Int) -> String {
    "\(archive.name): " + HostPath.printable(text[files[file].path])
  }
}
