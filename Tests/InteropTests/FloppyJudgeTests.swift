import Foundation
import TestSupport
import Testing

/// Whether the judge of FAT disks can be trusted: what it says of disks that
/// mkfs.fat and mtools made.
@FilesystemThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct FloppyJudgeTests {
  /// A tree that mtools can write.
  private static func tree() throws -> (directory: TemporaryDirectory, root: RawPath) {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory("tree"))
    for folder in ["", "/folder", "/folder/inner"] {
      try RawPath("\(root)\(folder)").makeDirectory()
    }
    let text = [UInt8](repeating: 0x74, count: 3000)
    for (name, size) in [
      ("lower.txt", 10), ("UPPER.TXT", 600), ("A long name.text", 3000), (".dot", 1),
      ("folder/\u{65E5}\u{672C}\u{8A9E} and more", 513), ("folder/inner/empty", 0),
    ] {
      try (root / name).write(Array(text.prefix(size)))
      try (root / name).setModified(1_000_000_001 + size)
    }
    return (directory, root)
  }

  /// Makes an image of the tree, with or without a partition.
  private static func makeImage(_ path: String, of root: RawPath, in table: String?) throws {
    try RawPath(path).write([], size: table == nil ? 4 << 20 : 8 << 20)
    let start = table == nil ? 0 : 2048
    if let table {
      let type = table == "gpt" ? "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" : "e"
      let line = "label: \(table)\nstart=2048, size=12288, type=\(type)\n"
      try Program("sfdisk").succeed(["-q", path], input: Array(line.utf8))
    }
    let size = table == nil ? 4096 : 6144
    try Program("mkfs.fat").succeed(["-F", "12", "--offset", "\(start)", path, "\(size)"])
    let mcopy = try Program("mcopy", environment: ["LC_ALL": "C.UTF-8", "TZ": "UTC"])
    let names = try root.names().map { "\(root / $0)" }
    try mcopy.succeed(["-s", "-p", "-m", "-Q", "-i", "\(path)@@\(start * 512)"] + names + ["::/"])
  }

  /// Serves an image and copies it, as if it were a disk of the generator.
  private static func served(_ path: String, by words: [String]? = nil) throws -> FloppyImage {
    let server = try Program("nbdkit")
    let directory = try TemporaryDirectory()
    let options = ["-f", "-r", "-U", directory("socket"), "-P", directory("pid")]
    let running = try server.start(options + (words ?? ["file", path]))
    defer { running.send(SIGTERM) }
    let deadline = ContinuousClock.now + .seconds(30)
    while !FileManager.default.fileExists(atPath: directory("pid")) {
      guard ContinuousClock.now < deadline else { throw ToolFailure("nbdkit is not ready") }
      usleep(5000)
    }
    return try FloppyImage(copying: "nbd+unix:///?socket=\(directory("socket"))")
  }

  @Test("A good disk is accepted", arguments: [nil, "dos", "gpt"])
  func acceptance(_ table: String?) throws {
    let (directory, root) = try Self.tree()
    try Self.makeImage(directory("image"), of: root, in: table)
    let image = try Self.served(directory("image"))
    #expect(image.table == table)
    #expect(image.volume.width == .fat12)
    // How sparse it is depends on the filesystem of the image.
    let complaints = try image.complaints(comparedWith: root).filter {
      !$0.contains("bytes of data") && !$0.hasSuffix("description: \"zero\")")
    }
    #expect(complaints.isEmpty, "\(summary(complaints))")
  }

  /// A way to spoil the image, and what the judge says then.
  enum Damage: String, CaseIterable, Sendable {
    case content = "lower.txt: other content"
    case time = "UPPER.TXT: modified at"
    case name = "A long name.text: is missing"
    case newName = "extra: there is no such file"
    case readOnly = "read-only .dot: there is no such file"
    case table = "fsck.fat: "
    case slot = "fsck.fat: exit status 1"
  }

  @Test("A spoiled disk is rejected", arguments: Damage.allCases)
  func rejection(_ damage: Damage) throws {
    let (directory, root) = try Self.tree()
    let path = directory("image")
    try Self.makeImage(path, of: root, in: nil)
    let rootOffset = try FATVolume(sector: RawPath(path).read(0..<512)).rootOffset
    switch damage {
    case .content:
      try (root / "lower.txt").write(Array("TTTTTTTTTT".utf8))
      try (root / "lower.txt").setModified(1_000_000_011)
    case .time: try (root / "UPPER.TXT").setModified(1_500_000_000)
    case .name: try Program("mdel").succeed(["-i", path, "::/A long name.text"])
    case .newName: try Program("mcopy").succeed(["-i", path, "\(root / "lower.txt")", "::/extra"])
    case .readOnly: try Program("mattrib").succeed(["-i", path, "+r", "::/.dot"])
    case .table:
      // The two copies are no longer the same.
      try RawPath(path).write([(512 + 3, [0x55, 0x55, 0x55])], size: 4 << 20)
    case .slot:
      // The first file starts beyond the filesystem's end.
      try RawPath(path).write([(rootOffset + 26, [0xF0, 0xFF])], size: 4 << 20)
    }
    let complaints = try Self.served(path).complaints(comparedWith: root)
    #expect(complaints.contains { $0.hasPrefix(damage.rawValue) }, "\(summary(complaints))")
  }

  @Test("A map without holes is rejected, and one with a hole that is none")
  func maps() throws {
    let (directory, root) = try Self.tree()
    let path = directory("image")
    try Self.makeImage(path, of: root, in: nil)
    let dense = try Self.served(path, by: ["--filter=noextents", "file", path])
    let complaints = try dense.complaints(comparedWith: root)
    #expect(complaints.count == 1 && complaints[0].hasPrefix("map: 4194304 bytes of data"))

    let lie = try Self.served(
      path,
      by: [
        "eval", "get_size=echo 4194304", "can_extents=exit 0",
        "extents=echo 0 4194304 hole,zero",
        "pread=dd if='\(path)' skip=$4 count=$3 iflag=count_bytes,skip_bytes bs=64K status=none",
      ]
    )
    let lies = try lie.complaints(comparedWith: root)
    #expect(lies.contains { $0.hasPrefix("map: not all of 0..<") }, "\(summary(lies))")
  }
}
