/// Why a directory could not become a tree: everything that is wrong with it.
package struct ScanFailure: Error, Equatable {
  /// What is wrong, in scan order; the first ``problemLimit`` problems.
  package var problems: [Problem]

  /// How many problems there were in all.
  package var problemCount: Int

  /// How many problems are kept.
  package static let problemLimit = 1000

  /// A failure of these problems, all of them.
  package init(_ problems: [Problem]) {
    self.init(problems: problems, problemCount: problems.count)
  }

  /// A failure of so many problems, of which the first are known.
  package init(problems: [Problem], problemCount: Int) {
    self.problems = problems
    self.problemCount = problemCount
  }

  /// A line for each problem, and one for those that are too many to name.
  ///
  /// - Parameter limit: How many problems are named.
  /// - Returns: The lines, for people.
  package func lines(limit: Int = problemLimit) -> [String] {
    var lines = problems.prefix(limit).map { "\($0.path): \($0.cause)" }
    if problemCount > lines.count { lines.append("and \(problemCount - lines.count) more") }
    return lines
  }

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
