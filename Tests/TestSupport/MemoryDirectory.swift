import Foundation
import Synchronization

/// A directory for very many files, which exists as long as the value does.
///
/// It is in the host's memory, where files are made quickly, if there is room
/// for them, and else among the other temporary files.
package final class MemoryDirectory: Sendable {
  /// Its absolute path.
  package let path: String

  /// How many bytes have to be free in memory.
  private static let neededSize = 2 << 30

  private static let kept = Mutex<[MemoryDirectory]>([])

  /// Makes one.
  package init() throws {
    let memory = "/dev/shm"
    let free = try? FileManager.default.attributesOfFileSystem(forPath: memory)[.systemFreeSize]
    let hasRoom = (free as? NSNumber)?.intValue ?? 0 >= Self.neededSize
    let ordinary = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let isAllowed = FileManager.default.isWritableFile(atPath: memory)
    let folder = hasRoom && isAllowed ? memory : ordinary
    path = "\(folder)/nbdgen-test.\(UUID().uuidString.prefix(13))"
    try RawPath(path).makeDirectory()
  }

  deinit { Self.remove([path]) }

  /// Makes one that many tests use, and that goes when the process ends.
  package static func shared() throws -> RawPath {
    let directory = try MemoryDirectory()
    kept.withLock { kept in
      if kept.isEmpty { atexit { MemoryDirectory.removeShared() } }
      kept.append(directory)
    }
    return RawPath(directory.path)
  }

  private static func removeShared() { remove(kept.withLock { $0.map(\.path) }) }

  private static func remove(_ paths: [String]) {
    // Directories without permissions, if the tests are not root.
    _ = try? Program("chmod").run(["-R", "u+rwX"] + paths)
    _ = try? Program("rm").run(["-rf", "--"] + paths)
  }
}
