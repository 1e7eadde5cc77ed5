/// Reads the entries of a manifest, one after the other.
protocol ManifestReader {
  /// The next entry without faults; those of the ones before it are appended.
  ///
  /// - Returns: `nil` at the end.
  mutating func next(_ failures: inout [ManifestError]) -> ManifestEntry?

  /// What the reader left out.
  var remarks: ManifestRemarks { get }
}

/// What a manifest says that is left out, for the user to know.
struct ManifestRemarks: Equatable, Sendable {
  /// The line of the first `flags=`.
  var flagsLine: Int?
  /// The line of the first digest.
  var digestLine: Int?

  /// A line for each, without the manifest's name.
  var notes: [String] {
    var notes: [String] = []
    if let flagsLine { notes.append("flags= (line \(flagsLine) and on) is left out") }
    if let digestLine {
      notes.append("digests (line \(digestLine) and on) are not compared: contents are not read")
    }
    return notes
  }
}
