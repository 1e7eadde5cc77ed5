import Foundation

/// What the tests were built with besides the compiler.
package enum Sanitizer {
  /// Whether a sanitizer looks on, which takes time of its own:
  /// `NBDGEN_SANITIZER`, which `scripts/sanitize` sets.
  package static let isActive = ProcessInfo.processInfo.environment["NBDGEN_SANITIZER"] != nil
}
