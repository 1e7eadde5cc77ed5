import Foundation
import TestSupport

/// `debugfs` on the image of a filesystem.
struct Debugfs {
  let image: String

  /// Runs commands in one go.
  ///
  /// - Returns: What each of them printed.
  func run(_ commands: [String]) throws -> [Data] {
    let directory = try TemporaryDirectory()
    let script = directory("commands")
    try Data(commands.map { "\($0)\n" }.joined().utf8).write(to: URL(fileURLWithPath: script))
    let outcome = try Program("debugfs").succeed(["-f", script, image], timeout: 120)
    try checkErrors(outcome)
    // Each command is repeated before what it prints.
    let output = Data(outcome.output)
    var parts: [Data] = []
    var position = output.startIndex
    for (index, command) in commands.enumerated() {
      let mark = Data("debugfs: \(command)\n".utf8)
      guard let found = output.range(of: mark, in: position..<output.endIndex) else {
        throw ToolFailure("debugfs did not run \(command)")
      }
      if index > 0 { parts.append(output[position..<found.lowerBound]) }
      position = found.upperBound
    }
    if !commands.isEmpty { parts.append(output[position...]) }
    return parts
  }

  /// Copies directories of the filesystem into a directory of the host.
  func copy(_ names: [String], to directory: String) throws {
    let command = (["rdump"] + names + [directory]).joined(separator: " ")
    try checkErrors(Program("debugfs").succeed(["-R", command, image], timeout: 120))
  }

  private func checkErrors(_ outcome: Outcome) throws {
    let errors = outcome.errorLines.filter { !$0.hasPrefix("debugfs 1.") }
    guard errors.isEmpty else {
      throw ToolFailure("debugfs: \(errors.joined(separator: "\n"))")
    }
  }

  /// The inode number of every name in the filesystem, but for `lost+found`.
  func inodes() throws -> [RawPath: Int] {
    var numbers: [RawPath: Int] = [:]
    var folders = [(path: RawPath(bytes: []), inode: 2)]
    while !folders.isEmpty {
      let listings = try run(folders.map { "ls -p <\($0.inode)>" })
      var next: [(path: RawPath, inode: Int)] = []
      for (folder, listing) in zip(folders, listings) {
        for entry in try Self.entries(listing) {
          let path = folder.path / entry.name
          if path == RawPath("lost+found") { continue }
          numbers[path] = entry.inode
          if entry.isDirectory { next.append((path, entry.inode)) }
        }
      }
      folders = next
    }
    return numbers
  }

  /// Takes apart lines of the form `/inode/mode/user/group/name/size/`, where
  /// a name may have anything in it but a slash.
  private static func entries(
    _ listing: Data
  ) throws -> [(name: [UInt8], inode: Int, isDirectory: Bool)] {
    let fields = listing.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst()
    var entries: [(name: [UInt8], inode: Int, isDirectory: Bool)] = []
    var rest = fields[...]
    while rest.count >= 7 {
      let entry = rest.prefix(7).map { Array($0) }
      rest = rest.dropFirst(7)
      guard let inode = Int(String(decoding: entry[0], as: UTF8.self)) else {
        throw ToolFailure("debugfs: not a listing: \(entry)")
      }
      let name = entry[4]
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      entries.append((name, inode, entry[1].starts(with: Array("04".utf8))))
    }
    return entries
  }
}
