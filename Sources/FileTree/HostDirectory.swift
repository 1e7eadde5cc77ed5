import CHost
import DiskModel
import SystemPackage

/// The files of a directory of the host that was scanned, by the numbers of their
/// nodes.
final class HostDirectory: HostFileSet, ContentStore {
  /// What the scan found.
  private let parts: TreeParts

  /// The open root directory, below which files are opened.
  let root: CInt

  /// The root's path as the user gave it.
  private let rootPath: String

  let descriptors: DescriptorCache

  let changePolicy: ChangePolicy

  /// Takes over `root`, an open directory.
  init(
    _ parts: TreeParts,
    root: CInt,
    rootPath: String,
    descriptors: DescriptorCache,
    changePolicy: ChangePolicy
  ) {
    self.parts = parts
    self.root = root
    self.rootPath = rootPath
    self.descriptors = descriptors
    self.changePolicy = changePolicy
  }

  deinit { host_close(root) }

  func content(of file: Int) -> FileContent { FileContent(HostFile(self, index: file)) }

  func seal(of index: Int) -> FileSeal {
    let node = parts.nodes[index]
    let identity = parts.identities[index]
    return FileSeal(
      device: identity.device,
      inode: identity.inode,
      size: node.size,
      modified: node.modified,
      changed: identity.changed
    )
  }

  private func relativePath(of index: Int) -> [UInt8] {
    TreePath.bytes(of: index, nodes: parts.nodes, entries: parts.entries, text: parts.text)
  }

  /// The path of a node for people, starting with the root's own.
  func path(of index: Int) -> String {
    let path = relativePath(of: index)
    let root = HostPath.printable(rootPath.utf8)
    if path.isEmpty { return root }
    return root + (root.hasSuffix("/") ? "" : "/") + HostPath.printable(path)
  }

  /// Longest path handed to the kernel in one piece, in bytes; a little less
  /// than `PATH_MAX`.
  private static let pieceLimit = 4000

  /// Opens the file below the root, never through a symbolic link.
  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
    var path = relativePath(of: index)[...]
    var directory = root
    defer { if directory != root { host_close(directory) } }
    while path.count > Self.pieceLimit {
      // There is a slash in reach: a name has at most 255 bytes.
      guard let slash = path.prefix(Self.pieceLimit).lastIndex(of: UInt8(ascii: "/")) else { break }
      let next = try Self.open(path[..<slash], below: directory, mayWait: mayWait)
      if directory != root { host_close(directory) }
      directory = next
      path = path[(slash + 1)...]
    }
    return try Self.open(path, below: directory, mayWait: mayWait)
  }

  private static func open(
    _ path: ArraySlice<UInt8>,
    below directory: CInt,
    mayWait: Bool
  ) throws(Errno) -> CInt {
    let terminated = Array(path) + [0]
    let result = unsafe terminated.withUnsafeBytes { bytes in
      unsafe host_open_beneath(
        directory,
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
        mayWait ? 0 : 1
      )
    }
    return try HostCall.check(result)
  }
}
