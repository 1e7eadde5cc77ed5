import CHost
import DiskModel
import Synchronization
import SystemPackage

/// A file that is written under a temporary name in its own directory, and gets its
/// name when it is complete and on storage.
///
/// Whatever happens, there is nothing under its name that is not complete.
final class OutputFile: Sendable {
  /// Where it goes, without symbolic links at its end.
  let path: String

  /// Where it is until then.
  let temporaryPath: String

  /// The open file.
  let descriptor: CInt

  private let replaces: Bool

  /// The mode that it has when it is complete.
  private let mode: CInt

  private let state = Mutex(State.temporary)

  private enum State {
    case temporary, complete, discarded
  }

  /// Makes a file without content.
  ///
  /// - Parameter place: Where it is to be; ``OutputPlace`` knows that it may.
  /// - Throws: ``UserError`` if the directory does not take it.
  init(_ place: OutputPlace) throws(UserError) {
    path = place.path
    replaces = place.mayReplace
    mode = place.existingMode.map { $0 & 0o777 } ?? (0o666 & ~host_file_mode_mask())
    // A name has 255 bytes; the middle of it should still tell whose it is.
    let name = String(decoding: place.name.utf8.prefix(200), as: UTF8.self)
    let prefix = ".\(name).nbdgen-"
    // What was killed while it wrote the same could not clean up.
    _ = unsafe host_remove_abandoned_files(place.directory, prefix)
    var template = Array("\(place.directory)/\(prefix)XXXXXX".utf8CString)
    descriptor = unsafe template.withUnsafeMutableBufferPointer {
      unsafe host_make_temporary_file($0.baseAddress)
    }
    temporaryPath = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) },
      as: UTF8.self
    )
    guard descriptor >= 0 else {
      let cause = Errno(rawValue: -descriptor).description
      throw UserError(host: "\(place.shown): cannot be created: \(cause)")
    }
  }

  deinit {
    discard()
    host_close(descriptor)
  }

  /// Removes what was written, unless it is complete; any thread may do that at any
  /// time.
  func discard() {
    state.withLock { state in
      guard case .temporary = state else { return }
      state = .discarded
      _ = unsafe host_remove_file(temporaryPath)
    }
  }

  /// Puts the file on storage, and gives it its name.
  ///
  /// - Throws: The host's error; nothing is left then, unless only the name may not
  ///   survive a power failure.
  func complete() throws(Errno) {
    // Filesystems without modes need not refuse the file.
    _ = host_set_mode(descriptor, mode)
    try HostCall.checked(host_synchronize(descriptor))
    let result = state.withLock { state -> CInt in
      guard case .temporary = state else { return 0 }
      let result = unsafe host_rename(temporaryPath, path, replaces ? 1 : 0)
      if result == 0 { state = .complete }
      return result
    }
    try HostCall.checked(result)
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let opened = unsafe host_open_path(directory, 1)
    try HostCall.checked(opened)
    defer { host_close(opened) }
    let synchronized = host_synchronize(opened)
    // Some filesystems know no such thing for directories.
    if synchronized != -Errno.invalidArgument.rawValue { try HostCall.checked(synchronized) }
  }
}

extension HostCall {
  /// Throws the error of a call that says it by a negative number.
  static func checked(_ result: CInt) throws(Errno) {
    guard result >= 0 else { throw Errno(rawValue: -result) }
  }

  /// Writes all the bytes at an offset.
  static func write(_ bytes: [UInt8], to descriptor: CInt, at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.count {
      let result = unsafe bytes.withUnsafeBytes { buffer in
        unsafe host_write_at(
          descriptor,
          buffer.baseAddress.map { unsafe $0 + done },
          buffer.count - done,
          Int64(offset + done)
        )
      }
      guard result > 0 else { throw result < 0 ? Errno(rawValue: CInt(-result)) : .noSpace }
      done += Int(result)
    }
  }

  /// The mode of what is at a path; `nil` if there is nothing.
  static func mode(of path: String, followsLinks: Bool) throws(Errno) -> CInt? {
    let result = unsafe host_path_mode(path, followsLinks ? 1 : 0)
    if result == -Errno.noSuchFileOrDirectory.rawValue { return nil }
    try checked(result)
    return result
  }

  /// The path of a file that is there, without symbolic links in it.
  static func realPath(_ path: String) throws(Errno) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let result = unsafe buffer.withUnsafeMutableBufferPointer {
      unsafe host_real_path(path, $0.baseAddress, $0.count)
    }
    try checked(result)
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Makes a directory.
  static func makeDirectory(_ path: String) throws(Errno) {
    try checked(unsafe host_make_directory(path))
  }

  /// Opens a block device for writing.
  static func openDevice(_ path: String) throws(Errno) -> CInt {
    let result = unsafe host_open_device(path)
    try checked(result)
    return result
  }
}
