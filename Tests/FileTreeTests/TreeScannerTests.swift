import DiskModel
import FileTree
import Foundation
import TestSupport
import Testing

struct TreeScannerTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func scan() throws -> Tree { try TreeScanner.scan(directory.path) }

  @Test func anEmptyDirectoryIsATree() throws {
    try Host.setMode(directory.path, 0o2711)
    try Host.setModified(directory.path, Timestamp(seconds: 1000, nanoseconds: 5))
    let tree = try scan()
    #expect(tree.nodes.count == 1)
    #expect(tree.entries.isEmpty)
    #expect(tree.nodes[0].kind == .directory)
    #expect(tree.nodes[0].permissions == 0o2711)
    #expect(tree.nodes[0].modified == Timestamp(seconds: 1000, nanoseconds: 5))
    #expect(tree.nodes[0].children.isEmpty)
    #expect(tree.relativePath(of: 0) == [])
    #expect(tree.path(of: 0) == directory.path)
  }

  @Test func regularFilesHaveTheirContent() throws {
    for size in [0, 1, 4096, 100_000] {
      try Host.write(directory("file\(size)"), PatternSource.bytes(0..<size))
    }
    let tree = try scan()
    for size in [0, 1, 4096, 100_000] {
      let node = try tree.node("file\(size)")
      #expect(node.kind == .regular)
      #expect(node.size == size)
      #expect(node.linkCount == 1)
      #expect(node.user == geteuid())
      #expect(tree.dataRanges(of: node) == (size > 0 ? [0..<size] : []))
      let bytes = PatternSource.bytes(0..<size)
      try checkConformance(of: tree.disk("file\(size)"), bytes: bytes, seed: UInt64(size))
    }
  }

  @Test func holesAreFound() throws {
    let piece = PatternSource.bytes(0..<65536)
    let pieces = [(1 << 20, piece), (3 << 20, piece), (7 << 20, piece)]
    try Host.write(directory("holes"), pieces, size: 8 << 20)
    try Host.write(directory("tail"), [((1 << 20) - 5, [1, 2, 3, 4, 5])], size: 1 << 20)
    try Host.write(directory("hole"), [], size: 1 << 30)
    try Host.write(directory("largest"), [(1 << 40, [1])], size: (1 << 40) + 1)
    let tree = try scan()

    let ranges = tree.dataRanges(of: try tree.node("holes"))
    #expect(ranges.count == 3)
    for (range, piece) in zip(ranges, pieces) {
      #expect(range.contains(piece.0) && range.contains(piece.0 + 65535))
      #expect(range.count < 1 << 20)
    }
    var bytes = [UInt8](repeating: 0, count: 8 << 20)
    for (offset, piece) in pieces { bytes.replaceSubrange(offset..<offset + 65536, with: piece) }
    try checkConformance(of: tree.disk("holes"), bytes: bytes, seed: 1)

    let tail = tree.dataRanges(of: try tree.node("tail"))
    #expect(tail.count == 1)
    #expect(tail.last?.upperBound == 1 << 20)
    #expect(tree.dataRanges(of: try tree.node("hole")).isEmpty)
    #expect(try tree.node("hole").size == 1 << 30)
    #expect(try tree.disk("largest").bytes((1 << 40) - 1..<(1 << 40) + 1) == [0, 1])
  }

  @Test func hardLinksAreOneNode() throws {
    try Host.makeDirectory(directory("a"))
    try Host.write(directory("a/first"), [1])
    try Host.hardLink(directory("b"), to: directory("a/first"))
    try Host.hardLink(directory("a/z"), to: directory("b"))
    try Host.link(directory("link"), to: "nowhere")
    try Host.hardLink(directory("a/link"), to: directory("link"))
    try Host.makeFIFO(directory("fifo"))
    try Host.hardLink(directory("a/fifo"), to: directory("fifo"))
    let tree = try scan()
    #expect(tree.nodes.count == 5)
    #expect(tree.entries.count == 8)
    let file = try tree.index(of: "b")
    #expect(try ["a/first", "a/z"].map(tree.index) == [file, file])
    #expect(tree.nodes[file].linkCount == 3)
    #expect(tree.relativePath(of: file) == Array("b".utf8))
    #expect(try tree.index(of: "a/link") == tree.index(of: "link"))
    #expect(try tree.node("link").kind == .symbolicLink)
    #expect(try tree.node("link").linkCount == 2)
    #expect(try tree.node("fifo").kind == .fifo)
    #expect(try tree.node("a/fifo").linkCount == 2)
    try checkConformance(of: tree.disk("a/z"), bytes: [1], seed: 1)
  }

  /// Names outside of the tree do not count.
  @Test func linkCountsAreThoseOfTheTree() throws {
    try Host.makeDirectory(directory("in"))
    try Host.write(directory("in/file"), [1])
    try Host.hardLink(directory("outside"), to: directory("in/file"))
    let tree = try TreeScanner.scan(directory("in"))
    #expect(try tree.node("file").linkCount == 1)
  }

  @Test func symbolicLinksHaveTheirTarget() throws {
    let targets = ["x", "../../etc/passwd", "/", "é\n", String(repeating: "t", count: 4095)]
    for (index, target) in targets.enumerated() { try Host.link(directory("\(index)"), to: target) }
    let tree = try scan()
    for (index, target) in targets.enumerated() {
      let node = try tree.node("\(index)")
      #expect(node.kind == .symbolicLink)
      #expect(node.size == target.utf8.count)
      #expect(tree.text[node.target].elementsEqual(target.utf8))
    }
  }

  @Test func specialFilesAreKept() throws {
    try Host.makeFIFO(directory("fifo"))
    try Host.makeSocket(directory("socket"))
    let tree = try scan()
    #expect(try tree.node("fifo").kind == .fifo)
    #expect(try tree.node("socket").kind == .socket)
    #expect(tree.nodes.allSatisfy { $0.size == 0 })
  }

  @Test(.enabled(if: geteuid() == 0, "only root makes device nodes"))
  func devicesHaveTheirNumbers() throws {
    for (name, type, major, minor) in [
      ("null", S_IFCHR, 1, 3), ("disk", S_IFBLK, 259, 65537), ("overlaid", S_IFCHR, 0, 0),
    ] as [(String, mode_t, UInt32, UInt32)] {
      try Host.makeDevice(directory(name), type | 0o600, major: major, minor: minor)
    }
    let tree = try scan()
    #expect(try tree.node("null").kind == .characterDevice)
    #expect(try tree.node("null").special == Node.DeviceNumber(major: 1, minor: 3))
    #expect(try tree.node("disk").kind == .blockDevice)
    #expect(try tree.node("disk").special == Node.DeviceNumber(major: 259, minor: 65537))
    #expect(try tree.node("overlaid").special == Node.DeviceNumber(major: 0, minor: 0))
  }

  @Test(arguments: [0o000, 0o644, 0o1777, 0o2755, 0o4711, 0o7777] as [mode_t])
  func permissionsIncludeTheSpecialBits(mode: mode_t) throws {
    // Everybody may read it, so that the scan passes whoever runs it.
    let readable = mode | 0o444
    try Host.write(directory("file"), [])
    try Host.setMode(directory("file"), readable)
    try Host.makeDirectory(directory("folder"))
    try Host.setMode(directory("folder"), readable | 0o111)
    let tree = try scan()
    #expect(try tree.node("file").permissions == UInt16(readable))
    #expect(try tree.node("folder").permissions == UInt16(readable | 0o111))
  }

  @Test(arguments: [
    Timestamp(seconds: -2, nanoseconds: 500_000_000), Timestamp(seconds: -1_000_000_000),
    Timestamp(seconds: 0), Timestamp(seconds: 1_700_000_000, nanoseconds: 999_999_999),
    Timestamp(seconds: 1 << 31, nanoseconds: 1), Timestamp(seconds: 5_000_000_000, nanoseconds: 7),
  ])
  func timesAreExact(time: Timestamp) throws {
    try Host.write(directory("file"), [1])
    try Host.setModified(directory("file"), time)
    try Host.link(directory("link"), to: "file")
    try Host.setModified(directory("link"), time)
    let tree = try scan()
    #expect(try tree.node("file").modified == time)
    #expect(try tree.node("link").modified == time)
    #expect(try tree.disk("file").bytes(0..<1) == [1])
  }
}
