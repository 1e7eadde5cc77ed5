import CHost
package import SystemPackage

/// A host file that is known by a path of its own: a set of one.
final class HostPathFile: HostFileSet {
  let descriptors: DescriptorCache
  private let path: String
  private let seal: FileSeal

  init(_ path: String, seal: FileSeal, descriptors: DescriptorCache) {
    self.path = path
    self.seal = seal
    self.descriptors = descriptors
  }

  func seal(of index: Int) -> FileSeal { seal }

  func path(of index: Int) -> String { HostPath.printable(path.utf8) }

  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
    // Whether opening waits cannot be known beforehand.
    guard mayWait else { throw .resourceTemporarilyUnavailable }
    return try HostCall.openFile(path)
  }
}

extension HostCall {
  /// Opens a file by its path for reading, following symbolic links.
  package static func openPath(_ path: String) throws(Errno) -> CInt {
    try check(unsafe host_open_path(path, 0))
  }

  /// The same for a regular file: does not wait for the writer of a fifo.
  static func openFile(_ path: String) throws(Errno) -> CInt {
    try check(unsafe host_open_file(path))
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

extension HostFile {
  /// A regular file, which is sealed, and its size in bytes.
  ///
  /// - Parameters:
  ///   - path: The file; symbolic links are followed.
  ///   - descriptors: Keeps the file open while it is read.
  /// - Returns: The file, or `nil` if there is something else at the path.
  /// - Throws: The host's error if the file cannot be opened.
  package static func sealed(
    _ path: String,
    descriptors: DescriptorCache
  ) throws(Errno) -> (file: HostFile, size: Int)? {
    let descriptor = try HostCall.openFile(path)
    defer { host_close(descriptor) }
    let status = try HostCall.status(of: descriptor)
    guard status.mode & 0o170000 == 0o100000 else { return nil }
    let seal = FileSeal(status)
    let set = HostPathFile(path, seal: seal, descriptors: descriptors)
    return (HostFile(set, index: 0), seal.size)
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
    let descriptor = try HostCall.openPath(path)
    defer { host_close(descriptor) }
    let status = try HostCall.status(of: descriptor)
    guard status.mode & 0o170000 == 0o100000 else { return nil }
    let seal = FileSeal(status)
    let set = HostPathFile(path, seal: seal, descriptors: descriptors)
    let file = HostFile(set, index: 0)
    var disk = Disk()
    do throws(DiskError) {
      for range in dataRanges(of: descriptor, size: seal.size) {
        try disk.pad(to: range.lowerBound)
        try disk.append(.source(file, offset: range.lowerBound), count: range.count)
      }
      try disk.pad(to: seal.size)
    } catch {
      preconditionFailure("a file has less than 2^63 bytes")
    }
    return disk
  }

  /// The runs of data of a file; of one that the host cannot tell, all of it.
  private static func dataRanges(of descriptor: CInt, size: Int) -> [Range<Int>] {
    (try? HostCall.dataRanges(of: descriptor, size: size)) ?? (size > 0 ? [0..<size] : [])
  }
}
