import DiskModel
import FileTree
import Foundation
import TestSupport
import Testing

struct TreeNamesTests {
  private static let names: [[UInt8]] = [
    [0x01], Array("\n".utf8), Array(" ".utf8), Array("A".utf8), Array("a".utf8),
    Array("a.b".utf8), Array("a\nb".utf8), Array("ab".utf8), Array("abc".utf8), [0x80],
    Array("é".utf8), Array("e\u{301}".utf8), [0xC3], [0xFF], [0xFF, 0xFE],
    Array(repeating: 0x78, count: 255), Array(repeating: 0xF0, count: 255), Array("...".utf8),
  ]

  private static func create(_ names: [[UInt8]], in directory: String) throws {
    for name in names {
      let path = Array(directory.utf8) + [0x2F] + name + [0]
      let descriptor = unsafe path.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return CInt(-1) }
        return unsafe open(start.assumingMemoryBound(to: CChar.self), O_CREAT | O_WRONLY, 0o644)
      }
      try Host.check(descriptor, "create a name of \(name.count) bytes")
      _ = unsafe name.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      close(descriptor)
    }
  }

  @Test func namesAreSortedByTheirBytes() throws {
    let sorted = Self.names.sorted { $0.lexicographicallyPrecedes($1) }
    for seed in 0..<4 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let directory = try TemporaryDirectory()
      try Self.create(Self.names.shuffled(using: &random), in: directory.path)
      let tree = try TreeScanner.scan(directory.path)
      #expect(tree.names() == sorted, "seed \(seed)")
    }
  }

  @Test func filesOfAnyNameAreRead() throws {
    let directory = try TemporaryDirectory()
    try Self.create(Self.names, in: directory.path)
    let tree = try TreeScanner.scan(directory.path)
    for name in tree.names() {
      let index = try #require(tree.nodes.indices.first { tree.relativePath(of: $0) == name })
      var disk = Disk()
      try disk.append(
        .source(tree.content(of: index).source, offset: 0),
        count: tree.nodes[index].size
      )
      try checkConformance(of: disk, bytes: name, seed: UInt64(index))
    }
  }

  @Test func aZeroByteFollowsEveryName() throws {
    let directory = try TemporaryDirectory()
    try Self.create(Self.names, in: directory.path)
    let tree = try TreeScanner.scan(directory.path)
    #expect(tree.entries.allSatisfy { tree.text[tree.name(of: $0).upperBound] == 0 })
    #expect(tree.entries.allSatisfy { (1...255).contains($0.nameLength) })
  }

  @Test func pathsLeadToTheRoot() throws {
    let directory = try TemporaryDirectory()
    for path in ["b", "b/c", "b/c/d", "a"] { try Host.makeDirectory(directory(path)) }
    try Host.write(directory("b/c/d/file"), [1])
    let tree = try TreeScanner.scan(directory.path)
    for path in ["a", "b", "b/c", "b/c/d", "b/c/d/file"] {
      let index = try tree.index(of: path)
      #expect(tree.relativePath(of: index) == Array(path.utf8))
      #expect(tree.path(of: index) == directory(path))
    }
    #expect(tree.path(of: 0) == directory.path)
    let slashed = try TreeScanner.scan(directory.path + "/")
    #expect(slashed.path(of: try slashed.index(of: "b/c")) == directory("b/c"))
  }

  @Test func aTreeWithTwentyThousandNamesInADirectory() throws {
    let directory = try TemporaryDirectory()
    for index in 0..<20_000 { try Host.write(directory("name \(index)")) }
    let tree = try TreeScanner.scan(directory.path)
    #expect(tree.nodes.count == 20_001)
    #expect(tree.nameStrings() == (0..<20_000).map { "name \($0)" }.sorted())
    #expect(tree.vanishedCount == 0)
  }
}
