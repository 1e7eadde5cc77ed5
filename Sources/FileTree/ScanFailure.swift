/// Why a directory could not become a tree: everything that is wrong with it.
package struct ScanFailure: Error, Equatable {
  /// What is wrong, in scan order; the first ``problemLimit`` problems.
  package var problems: [Problem]

  /// How many problems there were in all.
  package var problemCount: Int

  /// How many problems are kept.
  package static let problemLimit = 1000

  /// A file that cannot be served.
  package struct Problem: Equatable, Sendable {
    /// The path for people, starting with the tree's own.
    package var path: String
    /// What is wrong with it, for people.
    package var cause: String

    package init(path: String, cause: String) {
      self.path = path
      self.cause = cause
    }
  }
}
