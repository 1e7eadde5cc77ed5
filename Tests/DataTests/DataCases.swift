import DiskModel
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import DataGenerator

/// A case that was run on nbdkit: parameters, and what came of them.
struct DataCase: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  /// `doc`: documented by nbdkit; `corner`: not documented, but sensible;
  /// `quirk`: a bug of nbdkit.
  var `class`: String
  var args: [String]
  var env: [String: String]?
  /// Contents of files in the working directory, in Base64.
  var files: [String: String]?
  var error: Bool?
  var size: Int?
  var sha256: String?
  var hex: String?
  var hex_trimmed: Bool?
  var head_hex: String?
  var tail_hex: String?

  var testDescription: String { name }

  /// All cases of the file beside this one.
  static let all: [DataCase] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("data-cases.jsonl")
    guard let text = try? String(contentsOf: path, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap { line in
      try? JSONDecoder().decode(DataCase.self, from: Data(line.utf8))
    }
  }()

  /// The cases whose result here differs from nbdkit's, and what it is instead:
  /// an error, or so many bytes.
  static let differences: [String: Int?] = [
    // nbdkit's bugs, which are errors here.
    "byte-wraps-2pow32": nil,
    "byte-wraps-0x100000055": nil,
    "byte-bare-0x": nil,
    "byte-bare-0x-repeat": nil,
    "offset-saturates-2pow63": nil,
    "repeat-overflow-to-zero": nil,
    "repeat-group-overflow": nil,
    "slice-byte-5-1": nil,
    "slice-neg1-start": nil,
    "slice-neg1-end": nil,
    "slice-neg2-end": nil,
    "slice-unterminated": nil,
    "file-slice-neg2": nil,
    "alloc-prefix": nil,
    "alloc-empty": nil,
    // A slice without an end is all of a script's output.
    "script-slice-all-empty": 3,
    "script-slice-0-empty": 3,
    // What nbdkit refuses only by accident, or does not have.
    "err-word-repeat-no-space": 4,
    "err-word-assign": 0,
    "err-name-glued-arrow": 1,
    "err-offset-suffix": (1 << 20) + 1,
    "err-repeat-suffix": 3 << 20,
  ]
}

/// Builds the disk of a case in a directory of its own.
func build(_ test: DataCase) throws -> Disk {
  let directory = try TemporaryDirectory()
  for (name, content) in test.files ?? [:] {
    let data = Data(base64Encoded: content) ?? Data()
    try data.write(to: URL(fileURLWithPath: directory(name)))
  }
  // Names of files are relative to the working directory, which tests share.
  let args = test.args.map { argument in
    (test.files ?? [:]).keys.reduce(argument) { text, name in
      text.replacingOccurrences(of: "<\(name)", with: "<\(directory(name))")
    }
  }
  // Scripts see the environment of the process.
  for (name, value) in test.env ?? [:] where args.contains(where: { $0.contains("<(") }) {
    unsafe setenv(name, value, 1)
  }
  let disk = try build(args, variables: ["PATH": "/usr/bin:/bin"].merging(test.env ?? [:]) { $1 })
  // The files are gone when the function returns; their bytes are needed.
  guard test.files != nil else { return disk }
  return Disk(try disk.bytes(0..<disk.size))
}

/// Builds a disk from parameters.
func build(_ words: [String], variables: [String: String] = [:]) throws -> Disk {
  let generated = try DataDisk.build(
    try Parameters(words, for: DataDisk.manual),
    in: BuildEnvironment(variables: variables, descriptors: DescriptorCache(capacity: 8))
  )
  return try #require(generated.disk)
}

/// The lines of the error that an expression gives.
func errorLines(_ words: String..., variables: [String: String] = [:]) -> [String] {
  do {
    _ = try build(words, variables: variables)
    return []
  } catch let error as GeneratorError {
    return error.lines
  } catch {
    return ["\(error)"]
  }
}
