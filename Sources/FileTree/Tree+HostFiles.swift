import CHost
package import DiskModel
package import SystemPackage

/// The number of a file is that of its node.
extension Tree: HostFileSet {
  package func seal(of index: Int) -> FileSeal { nodes[index].seal }

  /// The path of a node for people, starting with the root's own.
  package func path(of index: Int) -> String {
    let path = relativePath(of: index)
    let root = HostPath.printable(rootPath.utf8)
    if path.isEmpty { return root }
    return root + (root.hasSuffix("/") ? "" : "/") + HostPath.printable(path)
  }

  /// Longest path handed to the kernel in one piece, in bytes; a little less
  /// than `PATH_MAX`.
  private static var pieceLimit: Int { 4000 }

  /// Opens the file below the root, never through a symbolic link.
  package func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
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
