import DiskModel

/// The files of an image layout, wherever it is.
protocol ImageFiles {
  /// The layout for people.
  var name: String { get }

  /// The file at a path of plain components, or `nil` if there is none.
  func file(_ path: [UInt8]) throws(ArchiveFailure) -> ArchiveBytes?
}

extension ImageFiles {
  /// The same, by a path that is text.
  func file(named path: String) throws(ArchiveFailure) -> ArchiveBytes? {
    try file(Array(path.utf8))
  }
}

/// A layout in a directory of the host.
struct DirectoryImageFiles: ImageFiles {
  let path: String
  let opener: ArchiveOpener

  var name: String { HostPath.printable(path.utf8) }

  func file(_ path: [UInt8]) throws(ArchiveFailure) -> ArchiveBytes? {
    try opener.fileIfThere(self.path + "/" + String(decoding: path, as: UTF8.self))
  }
}

/// A layout in a tar archive.
struct ArchivedImageFiles: ImageFiles {
  let archive: ArchiveBytes
  private var members: [[UInt8]: TarMember.Kind] = [:]

  init(_ archive: ArchiveBytes, _ members: [TarMember]) {
    self.archive = archive
    for member in members { self.members[member.path] = member.kind }
  }

  var name: String { archive.name }

  /// How many links may lead to one another: `docker save` makes links of layers
  /// that are there already.
  private static let linkLimit = 8

  func file(_ path: [UInt8]) throws(ArchiveFailure) -> ArchiveBytes? {
    var path = path
    for _ in 0...Self.linkLimit {
      switch members[path] {
      case .regular(let content)? where content.ranges == nil:
        return ArchiveBytes(
          name: "\(archive.name): \(HostPath.printable(path))",
          source: archive.source,
          offset: archive.offset + content.offset,
          size: content.size
        )
      case .hardLink(let target)?:
        path = target
      case .symbolicLink(let target)?:
        var steps = path.split(separator: UInt8(ascii: "/")).dropLast()
        for step in target.split(separator: UInt8(ascii: "/")) where !step.elementsEqual(".".utf8) {
          if step.elementsEqual("..".utf8) { _ = steps.popLast() } else { steps.append(step) }
        }
        path = Array(steps.joined(separator: [UInt8(ascii: "/")]))
      default:
        return nil
      }
    }
    return nil
  }
}

extension ArchiveOpener {
  /// The files of the layout at a path.
  func imageFiles(_ path: String) throws(ArchiveFailure) -> any ImageFiles {
    if HostPath.isDirectory(path) { return DirectoryImageFiles(path: path, opener: self) }
    let opened = try open(try file(path)) { input throws(ArchiveFailure) in
      try TarReader.read(input)
    }
    return ArchivedImageFiles(opened.archive, opened.found.members)
  }
}
