import Foundation
import TestSupport

/// A line of a trace.
struct TraceLine: Decodable {
  var event: String
  var export: String?
  var time_us: Int?
  var request: Int?
  var offset: Int?
  var size: Int?
  var kind: String?
  var path: String?
  var file_offset: Int?
  var dropped: Int?
  var reads: Int?
  var exports: Int?

  /// All lines of a trace.
  static func lines(_ path: String) throws -> [TraceLine] {
    try lines(of: Data(contentsOf: URL(fileURLWithPath: path)))
  }
}

/// A line of the summary of a trace.
struct TraceSums: Decodable {
  var export: String?
  var exports: Int?
  var reads: Int?
  var read_bytes: Int
  var files: Int?
  var file_bytes: Int?
  var touched_files: Int?
  var touched_file_bytes: Int?
  var kind: String?
  var path: String?
  var touched_bytes: Int?
  var file_size: Int?

  /// The summary of a trace; the first line has the sums.
  static func lines(_ path: String) throws -> [TraceSums] {
    try lines(of: Program.nbdgen().succeed(["trace", "summary", "--json", path]).output)
  }
}

extension Decodable {
  /// The objects of JSON that stand on a line each.
  static func lines(of text: some Sequence<UInt8>) throws -> [Self] {
    try text.split(separator: 10).map { try JSONDecoder().decode(Self.self, from: Data($0)) }
  }
}
