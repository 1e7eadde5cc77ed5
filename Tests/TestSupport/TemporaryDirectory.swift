import Foundation

/// A directory that exists as long as the value does; everybody may enter it.
package final class TemporaryDirectory: Sendable {
  /// Its absolute path.
  package let path: String

  /// Makes one below the host's directory for such things.
  package init() throws {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(folder)/nbdgen-test.XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
      guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
      return unsafe String(cString: start)
    }
    guard let made else { throw CocoaError(.fileWriteUnknown) }
    path = made
    unsafe chmod(made, 0o755)
  }

  deinit {
    // Trees of any depth, and directories without permissions.
    _ = try? runTool("chmod", ["-R", "u+rwX", path])
    _ = try? runTool("rm", ["-rf", "--", path])
  }

  /// The path of `name` inside.
  package func callAsFunction(_ name: String) -> String { path + "/" + name }
}
