import Foundation

/// What the tests were built with besides the compiler.
package enum Sanitizer {
  /// Whether a sanitizer looks on, which takes time of its own:
  /// `NBDGEN_SANITIZER`, which `scripts/sanitize` sets.
  package static let isActive = name != nil

  /// Whether it is ThreadSanitizer, which a signal's handler that is left by a jump, as where
  /// a file was cut off while it is mapped, brings down.
  package static let isForThreads = name == "thread"

  private static let name = ProcessInfo.processInfo.environment["NBDGEN_SANITIZER"]
}
