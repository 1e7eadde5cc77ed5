import CHost
import DiskModel
import SystemPackage

/// Whether the files of a tree are cloned when it is scanned.
package enum SnapshotPolicy: String, CaseIterable, Sendable {
  /// They are not.
  case none
  /// They are where the filesystem can, and read as they are where it cannot.
  case auto
  /// They are, or there is no tree.
  case reflink
}

/// The content of a tree's files as it was at the scan: shared with them block by
/// block, on filesystems that can (btrfs, XFS), and kept when they change.
///
/// All of it is one file, which has no name and goes with the process. Nothing is
/// copied.
final class Snapshot: HostFileSet, ContentStore {
  private let directory: HostDirectory

  /// Where the clone of each file starts, or ``notCloned``.
  private let offsets: [Int]

  /// All clones, one behind the other.
  private let descriptor: CInt

  private static let notCloned = -1

  let descriptors: DescriptorCache

  /// Takes over `descriptor`, an open file.
  private init(_ directory: HostDirectory, offsets: [Int], descriptor: CInt) {
    self.directory = directory
    self.offsets = offsets
    self.descriptor = descriptor
    descriptors = directory.descriptors
  }

  deinit { host_close(descriptor) }

  func content(of file: Int) -> FileContent {
    guard offsets[file] != Self.notCloned else { return directory.content(of: file) }
    return FileContent(HostFile(self, index: file), offset: offsets[file])
  }

  /// Nobody else can change it.
  var changePolicy: ChangePolicy { .serve }

  func seal(of index: Int) -> FileSeal { directory.seal(of: index) }

  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt {
    try HostCall.check(host_duplicate(descriptor))
  }

  func path(of file: Int) -> String { directory.path(of: file) }
}

extension Snapshot {
  /// Clones the regular files of a scanned tree.
  ///
  /// - Returns: What has their content, and what the user should know.
  /// - Throws: ``ScanFailure`` with the files that cannot be cloned, if they must be,
  ///   and those that changed since the scan.
  static func take(
    of parts: TreeParts,
    in directory: HostDirectory,
    _ policy: SnapshotPolicy
  ) throws(ScanFailure) -> (any ContentStore, notes: [String]) {
    let target: CInt
    let alignment: Int
    do throws(Errno) {
      target = try HostCall.check(host_make_unnamed_file(directory.root))
      alignment = max(4096, Int(try HostCall.check(host_block_size(target))))
    } catch {
      if policy == .auto { return (directory, ["no snapshot: \(cause(of: error))"]) }
      throw ScanFailure([.init(path: directory.path(of: 0), cause: "\(cause(of: error))")])
    }
    var offsets = [Int](repeating: notCloned, count: parts.nodes.count)
    var problems: [ScanFailure.Problem] = []
    var changes: [ScanFailure.Problem] = []
    var end = 0
    for (index, node) in parts.nodes.enumerated() where node.kind == .regular && node.size > 0 {
      do throws(Errno) {
        guard try clone(index, of: directory, to: target, at: end) else {
          let cause = "changed while its snapshot was taken; try again"
          changes.append(.init(path: directory.path(of: index), cause: cause))
          continue
        }
        offsets[index] = end
        end += (node.size + alignment - 1) / alignment * alignment
      } catch {
        problems.append(.init(path: directory.path(of: index), cause: cause(of: error)))
      }
    }
    if policy == .reflink { changes += problems }
    guard changes.isEmpty else {
      host_close(target)
      throw ScanFailure(changes)
    }
    var notes: [String] = []
    if let first = problems.first {
      let files = problems.count == 1 ? "1 file is" : "\(problems.count) files are"
      notes.append("\(files) not in the snapshot, such as \(first.path): \(first.cause)")
    }
    return (Snapshot(directory, offsets: offsets, descriptor: target), notes)
  }

  /// Clones a file; whether it is what was scanned.
  private static func clone(
    _ index: Int,
    of directory: HostDirectory,
    to target: CInt,
    at offset: Int
  ) throws(Errno) -> Bool {
    let source = try directory.open(index, mayWait: true)
    defer { host_close(source) }
    let seal = directory.seal(of: index)
    guard FileSeal(try HostCall.status(of: source)) == seal else { return false }
    _ = try HostCall.check(host_clone_range(source, Int64(seal.size), target, Int64(offset)))
    return FileSeal(try HostCall.status(of: source)) == seal
  }

  /// What an error of cloning means.
  private static func cause(of error: Errno) -> String {
    switch error {
    case .notSupported, .invalidArgument, .inappropriateIOCTLForDevice,
      .notSupportedOnSocket:
      "the filesystem cannot share blocks between files (btrfs and XFS can)"
    case .improperLink:
      "it is on another filesystem than the tree's root"
    default:
      error.description
    }
  }
}
