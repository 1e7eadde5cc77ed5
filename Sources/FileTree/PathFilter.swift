/// Says what of a tree is left out: of its patterns, the first that matches decides;
/// what none matches stays.
package struct PathFilter: Equatable, Sendable {
  private var rules: [Rule] = []

  private struct Rule: Equatable {
    var pattern: PathPattern
    var isExclusion: Bool
  }

  /// Leaves nothing out.
  package init() {}

  /// Whether nothing is left out.
  package var isEmpty: Bool { !rules.contains(where: \.isExclusion) }

  /// Whether a pattern compares paths.
  private(set) var comparesPaths = false

  /// Adds a pattern, which counts after those that are there.
  package mutating func add(_ pattern: PathPattern, isExclusion: Bool) {
    rules.append(Rule(pattern: pattern, isExclusion: isExclusion))
    if pattern.comparesPaths { comparesPaths = true }
  }

  /// Whether a file is left out, and what is below it if it is a directory.
  ///
  /// - Parameters:
  ///   - name: The file's name.
  ///   - directory: The path of its directory from the root, as ``path(of:in:)`` makes
  ///     it; empty for the root.
  ///   - isDirectory: Whether the file is a directory.
  /// - Returns: Whether the pattern that decides excludes it.
  package func excludes(
    _ name: ArraySlice<UInt8>,
    in directory: [UInt8],
    isDirectory: Bool
  ) -> Bool {
    let path = path(of: name, in: directory)
    let rule = rules.first { rule in
      (isDirectory || !rule.pattern.isForDirectories)
        && (rule.pattern.comparesPaths ? rule.pattern.matches(path) : rule.pattern.matches(name))
    }
    return rule?.isExclusion ?? false
  }

  /// The path of a file in a directory, as far as the filter needs it.
  package func path(of name: ArraySlice<UInt8>, in directory: [UInt8]) -> [UInt8] {
    guard comparesPaths else { return [] }
    return directory.isEmpty ? Array(name) : directory + [UInt8(ascii: "/")] + name
  }
}
