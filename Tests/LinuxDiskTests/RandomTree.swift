import Foundation
import TestSupport

/// A tree of random shape on the host: what a seed makes, it makes again.
struct RandomTree {
  let directory: TemporaryDirectory
  private var generator: SeededGenerator
  private var files: [String] = []

  /// Most bytes of a symbolic link's target.
  private let targetLimit: Int

  init(seed: UInt64, targetLimit: Int = 4095) throws {
    self.targetLimit = targetLimit
    directory = try TemporaryDirectory()
    generator = SeededGenerator(seed: seed)
    try fill(directory.path, depth: 0)
  }

  private mutating func fill(_ path: String, depth: Int) throws {
    let count = generator.anyMagnitude(below: depth == 0 ? 600 : 80)
    for index in 0..<count {
      let padding = String(repeating: "n", count: generator.anyMagnitude(below: 240))
      try add("\(path)/\(index)\(padding)", depth: depth)
    }
  }

  private mutating func add(_ path: String, depth: Int) throws {
    switch Int.random(in: 0..<12, using: &generator) {
    case 0 where depth < 6:
      try FileManager.default.createDirectory(
        atPath: path,
        withIntermediateDirectories: false
      )
      try fill(path, depth: depth + 1)
    case 1:
      let target = String(
        repeating: "t",
        count: min(1 + generator.anyMagnitude(below: 4095), targetLimit)
      )
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    case 2 where !files.isEmpty:
      let existing = files[Int.random(in: 0..<files.count, using: &generator)]
      try FileManager.default.linkItem(atPath: existing, toPath: path)
    case 3:
      try writeSparse(path)
    case 4:
      try runTool("mkfifo", [path])
    default:
      let size = generator.anyMagnitude(below: 1 << 16)
      try Data(generator.bytes(size)).write(to: URL(fileURLWithPath: path))
      files.append(path)
    }
  }

  /// A file with some pieces of data anywhere below 8 GiB.
  private mutating func writeSparse(_ path: String) throws {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    for _ in 0..<generator.anyMagnitude(below: 30) {
      try handle.seek(toOffset: UInt64(generator.anyMagnitude(below: 1 << 33)))
      try handle.write(contentsOf: Data(generator.bytes(1 + generator.anyMagnitude(below: 9000))))
    }
    let end = try handle.seekToEnd()
    try handle.truncate(atOffset: end + UInt64(generator.anyMagnitude(below: 1 << 33)))
    try handle.close()
    files.append(path)
  }
}
