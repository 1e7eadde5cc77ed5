import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FileTree

@Suite struct GzipTests {
  /// Bytes that compress a little, and are nowhere alike.
  private static func content(_ size: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 64)
    while bytes.count < size {
      let value = generator.next()
      let length = Int(value & 31) + 1
      bytes += [UInt8](repeating: UInt8(truncatingIfNeeded: value >> 8), count: length & 7)
      for shift in 0..<min(length, 6) {
        bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift)))
      }
    }
    return Array(bytes[..<size])
  }

  private static func gzip(_ bytes: [UInt8], level: Int = 6) throws -> [UInt8] {
    try Program("gzip").succeed(["-nc", "-\(level)"], input: bytes).output
  }

  private static func source(
    _ compressed: [UInt8],
    index: GzipIndex
  ) throws -> (source: GzipSource, size: Int, checkpointCount: Int) {
    let archive = ArchiveBytes(compressed, name: "test.gz")
    let index = try GzipIndexer(archive, index: index).finish()
    let source = GzipSource(archive, index: index, cache: PieceCache(capacity: 4))
    return (source, index.size, index.checkpoints.count)
  }

  @Test("Any part can be read", arguments: [1, 6, 9])
  func randomReads(_ level: Int) throws {
    let content = Self.content(3_000_000)
    let compressed = try Self.gzip(content, level: level)
    let (source, size, count) = try Self.source(compressed, index: GzipIndex(spacing: 100_000))
    #expect(size == content.count)
    #expect(count > 10)
    #expect(try source.bytes(size, at: 0) == content)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<100 {
      let start = Int.random(in: 0..<size, using: &generator)
      let length = Int.random(in: 0...min(200_000, size - start), using: &generator)
      #expect(try source.bytes(length, at: start) == Array(content[start..<start + length]))
    }
  }

  @Test("A file of many members, and zeros behind it") func members() throws {
    var content: [UInt8] = []
    var compressed: [UInt8] = []
    for number in 0..<40 {
      let part = Self.content(number * 3001, seed: UInt64(number))
      content += part
      compressed += try Self.gzip(part)
    }
    compressed += [UInt8](repeating: 0, count: 1000)
    let (source, size, count) = try Self.source(compressed, index: GzipIndex(spacing: 50_000))
    #expect(size == content.count)
    #expect(count > 10)
    for start in stride(from: 0, to: size - 5000, by: 77_777).reversed() {
      #expect(try source.bytes(5000, at: start) == Array(content[start..<start + 5000]))
    }
  }

  @Test("The index has a limit") func limit() throws {
    let content = Self.content(4_000_000)
    let index = GzipIndex(spacing: 10_000, limit: 300_000)
    let archive = ArchiveBytes(try Self.gzip(content), name: "test.gz")
    let made = try GzipIndexer(archive, index: index).finish()
    #expect(made.checkpoints.reduce(0) { $0 + $1.window.count } <= 300_000)
    #expect(made.spacing > 10_000)
    let source = GzipSource(archive, index: made, cache: PieceCache(capacity: 4))
    #expect(try source.bytes(content.count, at: 0) == content)
  }

  @Test("Many threads read at once") func threads() async throws {
    let content = Self.content(2_000_000)
    let (source, size, _) = try Self.source(
      Self.gzip(content),
      index: GzipIndex(spacing: 100_000)
    )
    await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<16 {
        group.addTask {
          var generator = SeededGenerator(seed: UInt64(seed))
          for _ in 0..<40 {
            let start = Int.random(in: 0..<size, using: &generator)
            let length = min(10_000, size - start)
            guard (try? source.bytes(length, at: start)) == Array(content[start..<start + length])
            else { return false }
          }
          return true
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test("What was read lately is there without waiting") func cached() throws {
    let content = Self.content(1_000_000)
    let (source, _, _) = try Self.source(Self.gzip(content), index: GzipIndex())
    var isReady = true
    func read() throws {
      _ = try [UInt8].read(count: 100) { output throws(ReadFailure) in
        isReady = try source.readWithoutWaiting(100, at: 200_000, into: &output)
        if !isReady { output.append(zeros: output.freeCapacity) }
      }
    }
    try read()
    #expect(!isReady)
    _ = try source.bytes(1, at: 200_000)
    try read()
    #expect(isReady)
  }

  @Test("A damaged file is one clear error") func damaged() throws {
    let compressed = try Self.gzip(Self.content(300_000))
    func failure(_ bytes: [UInt8]) -> String {
      do throws(ArchiveFailure) {
        _ = try GzipIndexer(ArchiveBytes(bytes, name: "test.gz")).finish()
        return "none"
      } catch {
        return error.description
      }
    }
    let cut = failure(Array(compressed[..<(compressed.count - 9)]))
    #expect(cut.hasSuffix("the compressed file ends too early: it is cut short"), "\(cut)")
    var changed = compressed
    changed[changed.count - 8] ^= 1
    let wrong = failure(changed)
    #expect(wrong.hasSuffix("the compressed file is damaged: incorrect data check"), "\(wrong)")
    let trailing = failure(compressed + [1, 2, 3])
    #expect(
      trailing.hasSuffix("the compressed file is damaged: incorrect header check"),
      "\(trailing)"
    )
    #expect(failure(compressed + [0, 0, 0]) == "none")
  }
}
