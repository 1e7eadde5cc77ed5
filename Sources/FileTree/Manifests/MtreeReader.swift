import DiskModel
import GeneratorKit

/// Reads a manifest of the form of mtree(5): names with `keyword=value`, either
/// paths from the root, or names in directories that `..` ends.
struct MtreeReader: ManifestReader {
  private var lines: ManifestLines
  /// What `/set` said.
  private var settings = ManifestEntry()
  /// The directory in which names without a slash are: the components of its path.
  private var folder: [[UInt8]] = []
  private(set) var remarks = ManifestRemarks()

  init(_ lines: ManifestLines) { self.lines = lines }

  mutating func next(_ failures: inout [ManifestError]) -> ManifestEntry? {
    while let name = lines.nextLine() {
      do throws(ManifestError) {
        switch name.text {
        case "/set": readSettings(&failures)
        case "/unset": removeSettings(&failures)
        case "..": try leave()
        default:
          let failureCount = failures.count
          let entry = try entry(name, &failures)
          if failures.count == failureCount { return entry }
        }
      } catch {
        failures.append(error)
      }
    }
    return nil
  }

  private mutating func leave() throws(ManifestError) {
    let place = lines.place
    if let word = lines.nextWord() { throw word.error("nothing may follow ..") }
    guard folder.popLast() != nil else {
      let column = place.column - 2
      throw ManifestError(".. leads out of the tree", at: .init(line: place.line, column: column))
    }
  }

  /// The entry of a line, and the directory that the next ones are in.
  private mutating func entry(
    _ name: ManifestWord,
    _ failures: inout [ManifestError]
  ) throws(ManifestError) -> ManifestEntry {
    var entry = settings
    entry.place = name.place
    readWords(into: &entry, &failures)
    var components: [[UInt8]] = []
    var rest = name
    while let slash = rest.bytes.firstIndex(of: UInt8(ascii: "/")) {
      let length = slash - rest.bytes.startIndex
      components.append(try EncodedName.decode(rest.prefix(length)))
      rest = rest.dropFirst(length + 1)
    }
    let isFull = !components.isEmpty
    components.append(try EncodedName.decode(rest))
    entry.path = try ManifestEntry.path(isFull ? components : folder + components, at: name.place)
    if !isFull && entry.kind?.value == .directory && name.text != "." { folder += components }
    return entry
  }

  private mutating func readWords(
    into entry: inout ManifestEntry,
    _ failures: inout [ManifestError]
  ) {
    var numbers = MtreeKeyword.Numbers()
    while let word = lines.nextWord() {
      do throws(ManifestError) {
        try MtreeKeyword.read(word, into: &entry, &numbers, &remarks)
      } catch {
        failures.append(error)
      }
    }
  }

  private mutating func readSettings(_ failures: inout [ManifestError]) {
    let place = lines.place
    var changed = settings
    readWords(into: &changed, &failures)
    if changed.action == .remove {
      failures.append(ManifestError("/set cannot make everything absent", at: place))
      changed.action = .set
    }
    settings = changed
  }

  private mutating func removeSettings(_ failures: inout [ManifestError]) {
    while let word = lines.nextWord() {
      do throws(ManifestError) {
        try MtreeKeyword.remove(word, from: &settings)
      } catch {
        failures.append(error)
      }
    }
  }
}

extension ManifestWord {
  /// The first `count` bytes.
  fileprivate func prefix(_ count: Int) -> ManifestWord {
    ManifestWord(bytes: bytes.prefix(count), place: place)
  }
}
