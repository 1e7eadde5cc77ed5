import Foundation
import Synchronization

extension TemporaryDirectory {
  /// Makes one that many tests use, and that goes when the process ends.
  package static func shared() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    kept.withLock { kept in
      if kept.isEmpty { atexit { TemporaryDirectory.removeShared() } }
      kept.append(directory)
    }
    return directory
  }

  private static let kept = Mutex<[TemporaryDirectory]>([])

  private static func removeShared() {
    // The values themselves may be referred to for ever.
    let paths = kept.withLock { $0.map(\.path) }
    _ = try? Program("chmod").run(["-R", "u+rwX"] + paths)
    _ = try? Program("rm").run(["-rf", "--"] + paths)
  }
}
