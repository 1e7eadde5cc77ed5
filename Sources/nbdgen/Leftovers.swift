import CHost
import SystemPackage

/// What a run puts into the filesystem and takes out again at its end.
struct Leftovers {
  private var files: [String] = []
  private var directories: [String] = []

  /// Makes a directory that only the user may enter, in `TMPDIR` or `/tmp`.
  mutating func makeDirectory() throws -> String {
    let parent = Environment.variables["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var name = Array("\(parent)/nbdgenXXXXXX".utf8CString)
    let result = unsafe name.withUnsafeMutableBufferPointer {
      unsafe host_make_temporary_directory($0.baseAddress)
    }
    guard result == 0 else {
      let cause = Errno(rawValue: -result).description
      throw UserError(host: "-U -: cannot make a directory in \(parent): \(cause)")
    }
    let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    directories.append(path)
    return path
  }

  /// Writes a file.
  mutating func write(_ text: String, to path: String) throws {
    do {
      let file = try unsafe FileDescriptor.open(
        path,
        .writeOnly,
        options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead]
      )
      files.append(path)
      _ = try file.closeAfter { try file.writeAll(Array(text.utf8)) }
    } catch let error as Errno {
      throw UserError(host: "\(path): cannot be written: \(error.description)")
    }
  }

  /// Removes everything.
  func remove() {
    for file in files { _ = unsafe host_remove_file(file) }
    for directory in directories {
      _ = unsafe host_remove_file(directory + "/socket")
      _ = unsafe host_remove_directory(directory)
    }
  }
}
