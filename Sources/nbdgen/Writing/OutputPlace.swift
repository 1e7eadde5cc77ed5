import DiskModel
import SystemPackage

/// Where a disk is to be written, as the command line says it.
struct OutputPlace {
  /// The path, without a symbolic link at its end.
  let path: String

  /// The path as the user wrote it, for people.
  let shown: String

  /// What is there.
  let kind: Kind

  /// The mode of the file that is replaced.
  let existingMode: CInt?

  /// Whether a file of this name may be replaced.
  let mayReplace: Bool

  /// What is at the path.
  enum Kind {
    /// Nothing, or a regular file that may be replaced.
    case file
    /// A block device that may be written over.
    case device
  }

  /// Looks at a path.
  ///
  /// - Parameters:
  ///   - given: The path as the user wrote it.
  ///   - isForced: Whether what is there may be lost.
  /// - Throws: ``UserError`` if there is something that must not be lost, or cannot be
  ///   written.
  init(_ given: String, isForced: Bool) throws(UserError) {
    shown = HostPath.printable(given.utf8)
    guard given != "-" else {
      throw UserError(
        usage:
          "write: -: not a file; nbdgen -U - GENERATOR ... --run 'nbdcopy \"$uri\" -' makes a stream"
      )
    }
    guard !given.isEmpty else {
      throw UserError(usage: "write: not a path; write that of a file")
    }
    guard !given.hasSuffix("/") else {
      throw UserError(usage: "write: \(shown): is the path of a directory; name a file in it")
    }
    mayReplace = isForced
    let full = absolute(given)
    let mode: CInt?
    do throws(Errno) {
      mode = try HostCall.mode(of: full, followsLinks: true)
      if mode != nil {
        path = try HostCall.realPath(full)
      } else {
        path = full
        if try HostCall.mode(of: full, followsLinks: false) != nil {
          // A link to nothing.
          throw .noSuchFileOrDirectory
        }
      }
    } catch {
      throw UserError(host: "\(shown): \(error.description)")
    }
    switch mode.map({ $0 & 0o170000 }) {
    case nil:
      (kind, existingMode) = (.file, nil)
    case 0o100000:
      guard isForced else { throw UserError(host: "\(shown): exists; --force replaces it") }
      (kind, existingMode) = (.file, mode)
    case 0o060000:
      guard isForced else {
        throw UserError(host: "\(shown): is a block device; --force writes over what is on it")
      }
      (kind, existingMode) = (.device, nil)
    case 0o040000:
      throw UserError(host: "\(shown): is a directory; name a file in it")
    default:
      throw UserError(host: "\(shown): is neither a regular file nor a block device")
    }
  }

  /// The last part of the path.
  var name: Substring { path.split(separator: "/").last ?? "" }

  /// The path of the directory that it is in.
  var directory: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

}
