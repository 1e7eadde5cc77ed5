import CHost
package import SystemPackage

/// A host file that is known by a path of its own: a set of one.
final class HostPathFile: HostFileSet {
  let descriptors: DescriptorCache
  private let path: String
  private let seal: FileSeal
  let changePolicy: ChangePolicy

  init(
    _ path: String,
    seal: FileSeal,
    descriptors: DescriptorCache,
    changePolicy: ChangePolicy
  ) {
    self.path = path
    self.seal = seal
    self.descriptors = descriptors
    self.changePolicy = changePolicy
  }

  func seal(of index: Int) -> FileSeal { seal }

  func path(of index: Int) -> String { HostPath.printable(path.utf8) }

  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
    // Whether opening waits cannot be known beforehand.
    guard mayWait else { throw .resourceTemporarilyUnavailable }
    return try HostCall.openRegular(path)
  }
}

extension HostCall {
  /// Opens a file by its path for reading, following symbolic links.
  package static func openPath(_ path: String) throws(Errno) -> CInt {
    try check(unsafe host_open_path(path, 0))
  }

  /// Opens what should be a regular file; of a fifo, nobody needs to write to it.
  static func openRegular(_ path: String) throws(Errno) -> CInt {
    try check(unsafe host_open_regular(path))
  }
}

extension HostPath {
  /// Whether there is a directory at a path; symbolic links are followed.
  package static func isDirectory(_ path: String) -> Bool {
    let descriptor = unsafe host_open_path(path, 1)
    guard descriptor >= 0 else { return false }
    host_close(descriptor)
    return true
  }
}

/// A regular file of the host that is known by a path of its own, as it was when it
/// was looked at.
package struct SealedHostFile: Sendable {
  /// Its bytes, which are read when they are asked for.
  package let source: HostFile

  /// When it was modified, and the rest of what must not change.
  package let seal: FileSeal

  /// Where it has data, in bytes.
  package let dataRanges: [Range<Int>]

  /// Whether it has no holes.
  package var isDense: Bool { dataRanges == (seal.size > 0 ? [0..<seal.size] : []) }

  /// Looks at a file; `nil` if there is something else at the path.
  ///
  /// - Parameters:
  ///   - path: The file; symbolic links are followed.
  ///   - descriptors: Keeps the file open while it is read.
  ///   - changePolicy: What becomes of the file if it changes.
  /// - Throws: The host's error if the file cannot be opened.
  package init?(
    _ path: String,
    descriptors: DescriptorCache,
    changePolicy: ChangePolicy = .error
  ) throws(Errno) {
    let descriptor = try HostCall.openRegular(path)
    defer { host_close(descriptor) }
    let status = try HostCall.status(of: descriptor)
    guard status.mode & 0o170000 == 0o100000 else { return nil }
    seal = FileSeal(status)
    let set = HostPathFile(
      path,
      seal: seal,
      descriptors: descriptors,
      changePolicy: changePolicy
    )
    source = HostFile(set, index: 0)
    // Of one that the host cannot tell, all.
    let all = seal.size > 0 ? [0..<seal.size] : []
    dataRanges = (try? HostCall.dataRanges(of: descriptor, size: seal.size)) ?? all
  }
}

extension Disk {
  /// The content of a regular file, which is sealed: referred to, not read.
  ///
  /// - Parameters:
  ///   - path: The file; symbolic links are followed.
  ///   - descriptors: Keeps the file open while the disk is read.
  /// - Returns: The disk, or `nil` if there is something else at the path.
  /// - Throws: The host's error if the file cannot be opened.
  package static func ofHostFile(
    _ path: String,
    descriptors: DescriptorCache
  ) throws(Errno) -> Disk? {
    guard let file = try SealedHostFile(path, descriptors: descriptors) else { return nil }
    var disk = Disk()
    do throws(DiskError) {
      for range in file.dataRanges {
        try disk.pad(to: range.lowerBound)
        try disk.append(.source(file.source, offset: range.lowerBound), count: range.count)
      }
      try disk.pad(to: file.seal.size)
    } catch {
      preconditionFailure("a file has less than 2^63 bytes")
    }
    return disk
  }
}
