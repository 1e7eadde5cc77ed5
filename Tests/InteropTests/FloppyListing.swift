import Foundation
import TestSupport

/// What a guest printed of a filesystem.
struct FloppyListing {
  /// What the guest calls it.
  let name: String

  /// What there is: a line for a directory, two for a file.
  private let lines: [[UInt8]]

  /// Finds it in what the guest printed.
  init(_ name: String, of outcome: Outcome) throws {
    self.name = name
    guard let section = FloppyGuest.section(name, of: outcome),
      let packed = Data(base64Encoded: section.joined())
    else { throw ToolFailure("nothing of \(name): \(FloppyGuest.complaints(about: outcome))") }
    let output = try Program("gzip").succeed(["-dc"], input: Array(packed)).output
    lines = output.split(separator: 10).map(Array.init)
  }

  /// In what it is not what the filesystem of the tree should be.
  func complaints(against tree: RawPath) throws -> [String] {
    let (found, expected) = (Set(lines), try Self.expectedLines(tree))
    func text(_ who: String, _ lines: Set<[UInt8]>) -> [String] {
      lines.map { "\(name): \(who): \(String(decoding: $0, as: UTF8.self))" }
    }
    // What is said of the same file is in one place.
    let differences =
      text("guest", found.subtracting(expected)) + text("host", expected.subtracting(found))
    var complaints = differences.sorted { $0.suffix(20) < $1.suffix(20) }
    if found.count != lines.count { complaints.append("\(name): guest: the same line twice") }
    return complaints
  }

  /// What the guest should print of the filesystem made from the tree.
  private static func expectedLines(_ tree: RawPath) throws -> Set<[UInt8]> {
    var lines: Set<[UInt8]> = []
    var files: [RawPath] = []
    var sources: [UInt8] = []
    for (path, entry) in try FloppyExpectation(of: tree).entries {
      guard entry.facts.isRegular else {
        lines.insert(Array("\(entry.seconds) ./".utf8) + path.bytes)
        continue
      }
      let mode = entry.isReadOnly ? "555" : "755"
      lines.insert(Array("\(entry.facts.size) \(entry.seconds) \(mode) ./".utf8) + path.bytes)
      files.append(path)
      sources += entry.source.bytes + [0]
    }
    let md5sum = ["-0", "--no-run-if-empty", "md5sum", "-z", "--"]
    let sums = try Program("xargs").succeed(md5sum, input: sources).output.split(separator: 0)
    guard sums.count == files.count else { throw ToolFailure("\(sums.count) sums of md5sum") }
    for (path, sum) in zip(files, sums) {
      lines.insert(Array(sum.prefix(32)) + Array("  ./".utf8) + path.bytes)
    }
    return lines
  }
}
