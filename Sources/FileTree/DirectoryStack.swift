import CHost
import DiskModel
import SystemPackage

/// The directories from the root of a walk down to where it is, of which the
/// deepest ones are open.
struct DirectoryStack {
  private let openLimit: Int
  private var levels: [Level]
  /// The first level below the root that is open.
  private var firstOpen = 1

  private struct Level {
    /// -1 while the directory is closed for the sake of deeper ones.
    var descriptor: CInt
    var device: UInt64
    var inode: UInt64
  }

  /// Starts at `root`, which stays open and is not closed by the stack.
  init(root: CInt, openLimit: Int) {
    self.openLimit = openLimit
    levels = [Level(descriptor: root, device: 0, inode: 0)]
  }

  /// The directory that the walk is in.
  var top: CInt { levels[levels.count - 1].descriptor }

  /// Goes into a directory; the stack closes it in the end.
  mutating func push(_ descriptor: CInt) {
    let status = try? HostCall.status(of: descriptor)
    levels.append(
      Level(descriptor: descriptor, device: status?.device ?? 0, inode: status?.inode ?? 0)
    )
    if levels.count - firstOpen > openLimit {
      host_close(levels[firstOpen].descriptor)
      levels[firstOpen].descriptor = -1
      firstOpen += 1
    }
  }

  /// Goes back to the directory above.
  ///
  /// - Returns: What went wrong, if it is closed and cannot be found again.
  mutating func pop() -> Errno? {
    guard levels.count > 1, let left = levels.popLast() else { return nil }
    defer { if left.descriptor >= 0 { host_close(left.descriptor) } }
    let parent = levels.count - 1
    guard parent > 0, levels[parent].descriptor < 0 else { return nil }
    guard left.descriptor >= 0 else { return .noSuchFileOrDirectory }
    do throws(Errno) {
      let descriptor = try HostCall.check(unsafe host_open_directory_at(left.descriptor, ".."))
      let status = try HostCall.status(of: descriptor)
      guard status.device == levels[parent].device, status.inode == levels[parent].inode else {
        host_close(descriptor)
        return .noSuchFileOrDirectory
      }
      levels[parent].descriptor = descriptor
      firstOpen = parent
      return nil
    } catch {
      return error
    }
  }
}
