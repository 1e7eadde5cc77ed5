import Foundation
import TestSupport

/// What a served disk held: a copy of the disk, and one of its partition.
final class PartitionImage: Sendable {
  private let directory: TemporaryDirectory

  /// The whole disk, a sparse file.
  let disk: String

  /// The filesystem, a sparse file.
  let partition: String

  /// Serves a tree and copies the disk.
  convenience init(
    of tree: RawPath,
    _ parameters: [String] = [],
    environment: [String: String] = [:]
  ) throws {
    let words = ["linuxdisk", "\(tree)"] + parameters
    let server = try NbdgenProcess(words, environment: environment)
    try self.init(copying: server.uri, to: TemporaryDirectory())
    try server.stop()
  }

  private init(copying uri: String, to directory: TemporaryDirectory) throws {
    self.directory = directory
    disk = directory("disk")
    partition = directory("partition")
    try Program("nbdcopy").succeed([uri, disk])
    try copyPartition()
  }

  /// Copies the partition from the disk, again if somebody wrote to that.
  func copyPartition() throws {
    // Finds the partition by the table, and keeps holes.
    try Program("nbdkit").succeed([
      "-U", "-", "--filter=partition", "file", disk, "partition=1", "--run",
      "nbdcopy $uri \(partition)",
    ])
  }

  /// The mixed tree's partition; all tests share it.
  static func mixed(_ type: FilesystemType) throws -> PartitionImage {
    switch type {
    case .ext2: try ext2.get()
    case .ext3: try ext3.get()
    case .ext4: try ext4.get()
    }
  }

  private static let ext2 = Result { try mixedImage(.ext2) }
  private static let ext3 = Result { try mixedImage(.ext3) }
  private static let ext4 = Result { try mixedImage(.ext4) }

  private static func mixedImage(_ type: FilesystemType) throws -> PartitionImage {
    let tree = try MixedTree.shared()
    let server = try NbdgenProcess(["linuxdisk", "\(tree.root)", "type=\(type)"])
    let image = try PartitionImage(copying: server.uri, to: .shared())
    try server.stop()
    return image
  }

  /// What `e2fsck` has to say that it does not say of a filesystem without
  /// faults.
  func complaints() throws -> [String] {
    let outcome = try Program.e2fsck().run(["-fn", partition])
    var complaints = outcome.status == 0 ? [] : ["exit status \(outcome.status)"]
    complaints += outcome.lines.filter { line in
      let isPass = (1...5).contains { line.hasPrefix("Pass \($0): ") }
      let isSummary = line.hasPrefix("\(partition): ") && line.hasSuffix(" blocks")
      return !isPass && !isSummary
    }
    complaints += outcome.errorLines.filter { !$0.hasPrefix("e2fsck 1.") }
    return complaints
  }

  /// What `dumpe2fs -h` says, by field.
  func superblock() throws -> [String: String] {
    let outcome = try Program("dumpe2fs").succeed(["-h", partition])
    var fields: [String: String] = [:]
    for line in outcome.lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...]
      fields[String(line[..<colon])] = value.trimmingCharacters(in: .whitespaces)
    }
    return fields
  }
}
