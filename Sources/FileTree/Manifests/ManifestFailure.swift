/// Where something stands in a manifest: a line, and a byte of that line, both
/// counted from 1.
struct ManifestPlace: Hashable, Sendable {
  var line: Int
  var column: Int
}

/// A value, and where it stands.
struct Placed<Value: Sendable>: Sendable {
  var value: Value
  var place: ManifestPlace
}

extension Placed: Equatable where Value: Equatable {}

/// Why manifests could not be applied: everything that is wrong with them.
package struct ManifestFailure: Error, Equatable {
  /// The first ``problemLimit`` problems, each with file, line and column.
  package var problems: [String] = []

  /// How many problems there were in all.
  package var problemCount = 0

  /// How many problems are kept.
  package static let problemLimit = 20

  /// A line for each problem, and one for those that are too many to name.
  package var lines: [String] {
    let more = problemCount - problems.count
    return more > 0 ? problems + ["and \(more) more"] : problems
  }

  mutating func add(_ problem: String) {
    problemCount += 1
    if problems.count < Self.problemLimit { problems.append(problem) }
  }
}

/// What one line has wrong, on its way to a ``ManifestFailure``.
struct ManifestError: Error, Equatable {
  var problem: String
  var place: ManifestPlace

  init(_ problem: String, at place: ManifestPlace) {
    self.problem = problem
    self.place = place
  }
}
