import Foundation
import TestSupport
import Testing

/// What happens when files change while they are served.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ChangedSourceTests {
  /// Ways to change a file.
  enum Change: String, CaseIterable, Sendable {
    case truncation, growth, rewriting, touching, replacement, deletion, symbolicLink, fifo
    case directory, disappearanceOfItsDirectory

    /// Changes `file`, which is alone in a directory and has `original` in it.
    func perform(on file: RawPath, original: [UInt8]) throws {
      let aside = RawPath("\(file).aside")
      switch self {
      case .truncation: try file.truncate(to: original.count - 1)
      case .growth: try file.append([7])
      case .rewriting: try file.write(original.reversed())
      case .touching: try file.setModified(1_000_000_000)
      case .replacement:
        try aside.write(original)
        try aside.rename(to: file)
      case .deletion: try file.remove()
      case .symbolicLink:
        try file.rename(to: aside)
        try file.makeSymbolicLink(to: aside.bytes)
      case .fifo:
        try file.remove()
        try file.makeNode(0o010644)
      case .directory:
        try file.remove()
        try file.makeDirectory()
      case .disappearanceOfItsDirectory:
        let folder = RawPath(bytes: Array(file.bytes[..<(file.bytes.lastIndex(of: 0x2F) ?? 0)]))
        try folder.rename(to: RawPath("\(folder).aside"))
        try RawPath("\(folder).aside/victim").append([7])
      }
    }
  }

  @Test(
    "A file that changed cannot be read, and the others can",
    arguments: Change.allCases,
    [false, true]
  )
  func change(_ change: Change, wasReadBefore: Bool) throws {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory("root"))
    try root.makeDirectory()
    for name in ["a", "b", "c"] { try (root / name).makeDirectory() }
    var random = SeededGenerator(seed: 6)
    let contents = (0..<3).map { _ in random.bytes(3 * 4096 + 100) }
    let files = [root / "a/before", root / "b/victim", root / "c/after"]
    for (file, content) in zip(files, contents) { try file.write(content) }

    // The same tree has the same layout: where the files are is found out by a
    // server of its own, so that the second one has not opened any file.
    let offsets = try Self.offsets(of: contents, in: root)
    let server = try NbdgenProcess(["linuxdisk", "\(root)"])
    let client = try NBDTestClient.connect(server.endpoint())
    if wasReadBefore {
      for (offset, content) in zip(offsets, contents) {
        #expect(try client.read(offset: offset, length: 4096).bytes == Array(content[..<4096]))
      }
    }
    try change.perform(on: files[1], original: contents[1])

    for _ in 0..<3 {
      for block in [0, 1, 3] as [UInt64] {
        let failure = #expect(throws: RequestFailed.self) {
          try client.read(offset: offsets[1] + 4096 * block, length: 100)
        }
        #expect(failure?.code == NBD.ErrorNumber.eio)
      }
      for number in [0, 2] {
        let content = contents[number]
        let bytes = try client.read(offset: offsets[number], length: UInt32(content.count)).bytes
        #expect(bytes == content)
      }
    }
    // So it is for a client of other make.
    let script = """
      try:
          h.pread(512, \(offsets[1]))
          raise AssertionError("it can be read")
      except nbd.Error as error:
          assert error.errno == "EIO", error.errno
      assert len(h.pread(512, \(offsets[0]))) == 512
      """
    try Program("nbdsh").succeed(["-u", server.uri, "-c", script])

    #expect(try server.stop() == 0)
    let log = try server.log()
    #expect(log.count { $0.contains("b/victim") } == 1, "\(log)")
    #expect(!log.contains { $0.contains("before") || $0.contains("after") }, "\(log)")
  }

  @Test("Each file that changed is one line of the log, whatever its name")
  func log() throws {
    let directory = try TemporaryDirectory()
    let root = RawPath(directory("root"))
    try root.makeDirectory()
    var random = SeededGenerator(seed: 7)
    let contents = (0..<3).map { _ in random.bytes(5000) }
    let names: [[UInt8]] = [Array("a\nb".utf8), [0x62, 0xFF, 0xFE], [0x63, 0x1B, 0x5B, 0x6D]]
    for (name, content) in zip(names, contents) { try (root / name).write(content) }
    let offsets = try Self.offsets(of: contents, in: root)
    let server = try NbdgenProcess(["linuxdisk", "\(root)"])
    for name in names { try (root / name).append([1]) }
    for structured in [true, false] {
      for _ in 0..<2 {
        let client = try NBDTestClient.connect(server.endpoint(), structured: structured)
        for offset in offsets {
          #expect(throws: RequestFailed.self) { try client.read(offset: offset, length: 512) }
        }
        try client.disconnect()
      }
    }
    #expect(try server.stop() == 0)
    let log = try server.log()
    #expect(log.count == 1 + names.count, "\(log)")
    #expect(log.allSatisfy { $0.hasPrefix("nbdgen: ") && !$0.contains("\u{1B}") }, "\(log)")
  }

  /// Where in the disk each of these contents begins.
  private static func offsets(of contents: [[UInt8]], in root: RawPath) throws -> [UInt64] {
    let image = try PartitionImage(of: root)
    let disk = try Data(contentsOf: URL(fileURLWithPath: image.disk))
    return try contents.map { content in
      let found = try #require(disk.range(of: Data(content)))
      return UInt64(found.lowerBound)
    }
  }
}
