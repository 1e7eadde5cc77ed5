import Foundation
import TestSupport

/// What programs of others say of the filesystem.
extension FloppyImage {
  /// All that is wrong, if the disk was to be made from `tree`.
  func complaints(comparedWith tree: RawPath) throws -> [String] {
    let expectation = try FloppyExpectation(of: tree)
    var complaints = try checkComplaints() + mapComplaints(expectation)
    do {
      complaints += try nameComplaints(expectation) + contentComplaints(expectation)
    } catch let failure as ToolFailure {
      // Of mtools, which refuses what is damaged.
      complaints.append(failure.description)
    }
    return complaints
  }

  /// What `fsck.fat` has to say that it does not say of a filesystem without
  /// faults.
  func checkComplaints() throws -> [String] {
    let outcome = try Program("fsck.fat").run(["-n", "-v", partition], timeout: 120)
    let usual =
      #/fsck\.fat 4.*|Checking (we can access the last sector|for unused clusters|free cluster).*|/#
    let facts =
      #/Boot sector contents:|System ID ".*"|Media byte 0x.*|First FAT.*|(Root|Data) .* starts? .*|/#
    let counts = #/ *\d+ .*(sectors?( total)?|cluster|entries|FATs?|\)|heads)|.* \d+ files, .*/#
    var complaints = outcome.status == 0 ? [] : ["fsck.fat: exit status \(outcome.status)"]
    for line in outcome.lines + outcome.errorLines {
      let isUsual = try [usual.wholeMatch(in: line) != nil, facts.wholeMatch(in: line) != nil]
      let isCount = try counts.wholeMatch(in: line) != nil
      if !isUsual.contains(true) && !isCount { complaints.append("fsck.fat: \(line)") }
    }
    return complaints
  }

  /// Runs one of mtools on the filesystem.
  private func mtools(_ name: String, _ words: [String]) throws -> Outcome {
    // Names in UTF-8, and times of UTC.
    let environment = ["LC_ALL": "C.UTF-8", "TZ": "UTC"]
    let program = try Program(name, environment: environment)
    let outcome = try program.succeed(["-i", "\(disk)@@\(offset)"] + words, timeout: 240)
    guard outcome.errors.isEmpty else { throw ToolFailure("\(name) says: \(outcome)") }
    return outcome
  }

  /// The paths that are in one set but not in the other.
  private func differences(_ found: Set<RawPath>, _ expected: Set<RawPath>) -> [String] {
    expected.subtracting(found).map { "\($0): is missing" }
      + found.subtracting(expected).map { "\($0): there is no such file" }
  }

  /// Which names are not those of the tree, by `mdir`, and which files are
  /// read-only that should not be, or the other way round, by `mattrib`.
  private func nameComplaints(_ expectation: FloppyExpectation) throws -> [String] {
    var expected: Set<RawPath> = []
    var readOnly: Set<RawPath> = []
    for (path, entry) in expectation.entries {
      let path = FloppyExpectation.inMtools(path)
      expected.insert(entry.facts.isDirectory ? RawPath(bytes: path.bytes + [0x2F]) : path)
      if entry.facts.isRegular && entry.isReadOnly { readOnly.insert(path) }
    }
    let listing = expected.isEmpty ? [] : try mtools("mdir", ["-/", "-b", "::/"]).output
    let found = Set(listing.split(separator: 10).map { RawPath(bytes: Array($0.dropFirst(3))) })
    return differences(found, expected)
      + differences(try readOnlyFiles(expected), readOnly).map { "read-only \($0)" }
  }

  /// The files of the listing that `mattrib` calls read-only.
  private func readOnlyFiles(_ listing: Set<RawPath>) throws -> Set<RawPath> {
    // It fails if there are none but directories.
    guard listing.contains(where: { $0.bytes.last != 0x2F }) else { return [] }
    // "  A    R     ::/path"
    let lines = try mtools("mattrib", ["-/", "::/"]).output.split(separator: 10)
      .filter { $0.prefix(13).contains(0x52) }
    return Set(lines.map { RawPath(bytes: Array($0.dropFirst(16))) }).intersection(listing)
  }

  /// Which files are not as in the tree when `mcopy` gets them out.
  private func contentComplaints(_ expectation: FloppyExpectation) throws -> [String] {
    guard !expectation.entries.isEmpty else { return [] }
    let copies = try TemporaryDirectory()
    _ = try mtools("mcopy", ["-s", "-p", "-m", "-n", "-Q", "::/*", copies.path])
    var complaints: [String] = []
    for (path, entry) in expectation.entries where entry.facts.isRegular {
      let copy = RawPath(copies.path) / FloppyExpectation.inMtools(path).bytes
      guard let facts = try? copy.facts(), facts.isRegular else {
        complaints.append("\(path): is not copied")
        continue
      }
      if facts.seconds != entry.secondsInMtools {
        complaints.append("\(path): modified at \(facts.seconds), not \(entry.secondsInMtools)")
      }
      let range = 0..<entry.facts.size + 1
      if !isEqual(try copy.read(range)[...], try entry.source.read(range)[...]) {
        complaints.append("\(path): other content")
      }
    }
    return complaints
  }

  /// What is wrong with the map of holes.
  func mapComplaints(_ expectation: FloppyExpectation) throws -> [String] {
    var complaints: [String] = []
    var end = 0
    var dataSize = 0
    let written = try RawPath(disk).dataRanges()
    var index = 0
    for run in map {
      if run.offset != end || run.length <= 0 { complaints.append("map: \(run) after \(end)") }
      end = run.offset + run.length
      if run.description == "data" {
        dataSize += run.length
        continue
      }
      if run.description != "hole,zero" { complaints.append("map: \(run)") }
      guard isReadWhole else { continue }
      while index < written.count, written[index].upperBound <= run.offset { index += 1 }
      for range in written[index...].prefix(while: { $0.lowerBound < end }) {
        let part = range.clamped(to: run.offset..<end)
        if try RawPath(disk).read(part).contains(where: { $0 != 0 }) {
          complaints.append("map: not all of \(part) is zero, in the hole \(run)")
        }
      }
    }
    if end != size { complaints.append("map: ends at \(end), the disk at \(size)") }
    let tables = table == nil ? 0 : table == "gpt" ? 67 * 512 : 512
    let metadata = volume.metadataLimit(
      usedClusters: expectation.clusterCount(volume.clusterSize),
      directorySizes: expectation.directorySizes()
    )
    let limit = try expectation.contentLimit() + metadata + tables
    if dataSize > limit { complaints.append("map: \(dataSize) bytes of data, \(limit) expected") }
    return complaints
  }
}
