/// Why an archive or an image could not be opened.
package struct ArchiveFailure: Error, Equatable, CustomStringConvertible {
  /// The archive for people: its path, and what of it is meant.
  package var archive: String

  /// Where in the archive the trouble is, in bytes; `nil` if it is nowhere in
  /// particular.
  package var offset: Int?

  /// What is wrong and what to do, for people.
  package var problem: String

  package init(_ archive: String, at offset: Int? = nil, _ problem: String) {
    self.archive = archive
    self.offset = offset
    self.problem = problem
  }

  /// One line that names archive, offset and problem.
  package var description: String {
    guard let offset else { return "\(archive): \(problem)" }
    return "\(archive): at offset \(offset): \(problem)"
  }
}

extension ScanFailure {
  /// The failure of a tree that an archive should have been.
  package init(_ failure: ArchiveFailure) {
    let place = failure.offset.map { "at offset \($0): " } ?? ""
    self.init([Problem(path: failure.archive, cause: place + failure.problem)])
  }
}
