import Foundation
import TestSupport

/// A line that `nbdgen map --json`, or `who --json`, prints.
struct MapLine: Decodable, Equatable {
  var place: String?
  var offset: Int
  var size: Int
  var kind: String
  var role: String
  var group: Int?
  var inode: Int?
  var path: String?
  var path_hex: String?
  var file_offset: Int?
  var file_size: Int?
  var note: String?
  var source: String?

  var range: Range<Int> { offset..<offset + size }

  /// The path without its first slash, in bytes.
  var rawPath: RawPath? {
    guard let path else { return nil }
    guard let digits = path_hex.map({ Array($0.utf8) }) else {
      return RawPath(String(path.dropFirst()))
    }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
      UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
    }
    return RawPath(bytes: Array(bytes.dropFirst()))
  }

  /// What a command prints, line by line.
  static func lines(_ words: [String]) throws -> [MapLine] {
    try lines(of: Program.nbdgen().succeed(words, timeout: 120).output)
  }
}

/// What `nbdgen:segment` should say of a disk, as its map has it.
struct MapRoles {
  /// Runs of sectors, by the number of the meta context.
  private(set) var runs: [Run] = []

  struct Run: Equatable {
    var range: Range<Int>
    var number: Int
  }

  private static let numbers = ["content": 0, "metadata": 1, "data": 2, "free": 3, "slack": 4]

  /// Which of two comes first for a sector of both, as documented.
  private static let precedence = [1, 2, 0, 4, 3]

  /// The bytes of a sector that is not complete.
  private var partial: Run?

  init(_ lines: [MapLine]) throws {
    let size = lines.last?.range.upperBound ?? 0
    for line in lines {
      guard let number = Self.numbers[line.role] else {
        throw ToolFailure("\(line.role) is no role")
      }
      add(line.range, number, size)
    }
  }

  private mutating func add(_ range: Range<Int>, _ number: Int, _ size: Int) {
    var start = range.lowerBound
    if let sector = partial {
      let order = Self.precedence
      let first = order.first { $0 == number || $0 == sector.number } ?? number
      let end = min(size, (sector.range.lowerBound / 512 + 1) * 512)
      guard range.upperBound >= end else {
        partial?.number = first
        return
      }
      append(sector.range.lowerBound..<end, first)
      partial = nil
      start = end
    }
    let end = range.upperBound == size ? size : range.upperBound / 512 * 512
    if start < end { append(start..<end, number) }
    if end < range.upperBound && max(start, end) < range.upperBound {
      partial = Run(range: max(start, end)..<range.upperBound, number: number)
    }
  }

  private mutating func append(_ range: Range<Int>, _ number: Int) {
    if let last = runs.last, last.number == number {
      runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
    } else {
      runs.append(Run(range: range, number: number))
    }
  }

  /// What a client is told.
  static func served(_ words: [String]) throws -> (size: Int, runs: [Run]) {
    struct Entry: Decodable {
      var offset: Int
      var length: Int
      var type: Int
    }
    let server = try NbdgenProcess(words)
    let outcome = try Program("nbdinfo")
      .succeed(["--map=nbdgen:segment", "--json", server.uri], timeout: 60)
    let text = try Program("nbdinfo").succeed(["--size", server.uri]).lines.first
    try server.stop()
    guard let text, let size = Int(text) else { throw ToolFailure("no size") }
    var runs: [Run] = []
    for entry in try JSONDecoder().decode([Entry].self, from: Data(outcome.output)) {
      let range = entry.offset..<min(size, entry.offset + entry.length)
      if let last = runs.last, last.number == entry.type {
        runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        runs.append(Run(range: range, number: entry.type))
      }
    }
    return (size, runs)
  }
}
