import DiskModel
import Testing

@testable import FileTree

/// What a manifest's reader makes of a text.
struct Parsed {
  var entries: [ManifestEntry] = []
  /// Faults as `line:column: problem`.
  var faults: [String] = []
  var remarks = ManifestRemarks()

  /// Reads a manifest of a form, or of one that is to be found out.
  init(_ text: String, _ format: Manifest.Format? = nil) throws {
    try self.init(Array(text.utf8), format)
  }

  init(_ bytes: [UInt8], _ format: Manifest.Format? = nil) throws {
    var reader = try Manifest.reader(of: bytes, format)
    var errors: [ManifestError] = []
    while let entry = reader.next(&errors) { entries.append(entry) }
    faults = errors.map { "\($0.place): \($0.problem)" }
    remarks = reader.remarks
  }

  /// The paths of the entries.
  var paths: [String] { entries.map { String(decoding: $0.path, as: UTF8.self) } }

  /// The only entry.
  func only() throws -> ManifestEntry {
    #expect(faults.isEmpty)
    try #require(entries.count == 1)
    return entries[0]
  }
}

/// A word that stands at the start of a manifest.
func word(_ bytes: [UInt8]) -> ManifestWord {
  ManifestWord(bytes: bytes[...], place: ManifestPlace(line: 1, column: 1))
}

func word(_ text: String) -> ManifestWord { word(Array(text.utf8)) }
