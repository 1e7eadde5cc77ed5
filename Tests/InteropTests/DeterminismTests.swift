import Foundation
import TestSupport
import Testing

/// Equal trees give equal disks.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct DeterminismTests {
  @Test("Copies of a tree give the same disk", arguments: FilesystemType.allCases)
  func copies(_ type: FilesystemType) throws {
    let directory = try TemporaryDirectory()
    let copy = directory("a place of another name")
    try Program("cp").succeed(["-a", "\(try ClientDisk.tree())", copy])
    let original = try Self.digest(ClientDisk.tree(), ["type=\(type)", "size=200M"])
    let copied = try Self.digest(RawPath(copy), ["type=\(type)", "size=200M"])
    #expect(original == copied)
    let other = try Self.digest(RawPath(copy), ["type=\(type)", "size=200M", "label=other"])
    #expect(original != other)
  }

  @Test("A filesystem of other content has another UUID", arguments: FilesystemType.allCases)
  func identities(_ type: FilesystemType) throws {
    let directory = try TemporaryDirectory()
    let file = RawPath(directory("file"))
    try file.write([1, 2, 3])
    try file.setModified(1_000_000_000, 1)
    try RawPath(directory.path).setModified(1_000_000_000)
    var found: [String] = []
    func note() throws {
      let image = try PartitionImage(of: RawPath(directory.path), ["type=\(type)"])
      let words = ["-p", "-s", "UUID", "-o", "value", image.partition]
      let identity = try Program("blkid").succeed(words).lines.first ?? ""
      #expect(UUID(uuidString: identity) != nil, "\(identity)")
      found.append(identity)
    }
    try note()
    try note()
    #expect(found[0] == found[1])
    try file.setModified(1_000_000_000, 2)
    try note()
    try file.append([4])
    try file.setModified(1_000_000_000, 2)
    try note()
    try file.setPermissions(0o600)
    try note()
    #expect(Set(found).count == 4, "\(found)")
  }

  @Test("SOURCE_DATE_EPOCH is the time of the filesystem's making")
  func sourceDate() throws {
    let directory = try TemporaryDirectory()
    try RawPath(directory("file")).write([1])
    let environment = ["SOURCE_DATE_EPOCH": "981173106", "TZ": "UTC"]
    let image = try PartitionImage(of: RawPath(directory.path), environment: environment)
    let dumpe2fs = try Program("dumpe2fs", environment: environment)
    let lines = try dumpe2fs.succeed(["-h", image.partition]).lines
    let line = lines.first { $0.hasPrefix("Filesystem created:") }
    #expect(line?.hasSuffix("Sat Feb  3 04:05:06 2001") == true, "\(line ?? "")")
  }

  /// The SHA-256 of the whole disk.
  private static func digest(_ tree: RawPath, _ parameters: [String]) throws -> String {
    let image = try PartitionImage(of: tree, parameters)
    let line = try Program("sha256sum").succeed([image.disk]).text
    return String(line.prefix(64))
  }
}
