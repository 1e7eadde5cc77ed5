import DiskModel
import Foundation
import TestSupport
import Testing

/// Files that are read where they are in memory.
struct FileMappingTests {
  private static let size = 3 << 20
  private static let bytes = PatternSource.bytes(0..<size)

  /// A file that was read so often that the host's memory is looked at directly.
  private struct Warm {
    let directory: TemporaryDirectory
    let path: String
    let disk: Disk
    let descriptors = DescriptorCache(capacity: 1)

    init() throws {
      directory = try TemporaryDirectory()
      path = directory("file")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      disk = try #require(try Disk.ofHostFile(path, descriptors: descriptors))
      // Opens it; then every window is read until it is looked at.
      _ = try disk.bytes(0..<size)
      for _ in 0..<20 {
        for offset in stride(from: 0, to: size, by: 1 << 16) {
          var checks = DeferredChecks()
          _ = try read(offset..<offset + 4096, &checks)
          #expect(checks.pass() == nil)
        }
      }
    }

    /// Bytes that are there without waiting.
    func read(_ range: Range<Int>, _ checks: inout DeferredChecks) throws -> [UInt8]? {
      let segment = try #require(disk.soleSegment(of: range))
      var isRead = false
      let bytes = try [UInt8].read(count: range.count) { output throws(ReadFailure) in
        isRead = try disk.readWithoutWaiting(
          range,
          in: segment,
          into: &output,
          deferring: &checks
        )
        if !isRead {
          output.removeAll()
          output.append(zeros: range.count)
        }
      }
      return isRead ? bytes : nil
    }

    /// Where bytes are.
    func place(_ range: Range<Int>, _ checks: inout DeferredChecks) throws -> BorrowedBytes? {
      let segment = try #require(disk.soleSegment(of: range))
      let place = disk.mapping(of: range, in: segment, deferring: &checks)
      guard case .file(let bytes)? = place else { return nil }
      return bytes
    }

    func truncate(to size: Int) throws {
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.truncate(atOffset: UInt64(size))
      try file.close()
    }
  }

  @Test("what is mapped are the bytes of the file, and one look is enough for many reads")
  func sameBytes() throws {
    let file = try Warm()
    var random = SeededGenerator(seed: 8)
    var checks = DeferredChecks()
    for _ in 0..<300 {
      let start = Int.random(in: 0..<Self.size, using: &random)
      let range = start..<min(Self.size, start + Int.random(in: 1...70_000, using: &random))
      #expect(try file.read(range, &checks) == Array(Self.bytes[range]), "seed 8, \(range)")
      let place = try #require(try file.place(range, &checks), "it is mapped, \(range)")
      let copy = try [UInt8].read(count: range.count) { output throws(ReadFailure) in
        _ = place.copy(place.count, into: &output)
      }
      #expect(copy == Array(Self.bytes[range]), "seed 8, \(range)")
    }
    let isHeld = !checks.isEmpty
    #expect(isHeld)
    #expect(checks.pass() == nil)
    let isLetGo = checks.isEmpty
    #expect(isLetGo)
  }

  @Test("without asking the host there is what is mapped, and nothing else")
  func withoutAsking() throws {
    let file = try Warm()
    var checks = DeferredChecks()
    checks.mayAskHost = false
    for range in [0..<100, 70_000..<140_000, Self.size - 1..<Self.size] {
      #expect(try file.read(range, &checks) == Array(Self.bytes[range]))
    }
    #expect(checks.pass() == nil)
    // Nothing of the same file is known to somebody who has not opened it, or only just.
    let descriptors = DescriptorCache(capacity: 1)
    let disk = try #require(try Disk.ofHostFile(file.path, descriptors: descriptors))
    for isOpen in [false, true] {
      if isOpen { _ = try disk.bytes(0..<100) }
      let segment = try #require(disk.soleSegment(of: 0..<100))
      let bytes = try [UInt8].read(count: 100) { output throws(ReadFailure) in
        let isRead = try disk.readWithoutWaiting(
          0..<100,
          in: segment,
          into: &output,
          deferring: &checks
        )
        #expect(!isRead && output.isEmpty)
        output.append(zeros: 100)
      }
      #expect(bytes.count == 100)
      let isUntouched = checks.isEmpty
      #expect(isUntouched)
    }
  }

  @Test("a file that is written to does not pass, whatever was read of it")
  func changes() throws {
    let file = try Warm()
    var checks = DeferredChecks()
    #expect(try file.read(0..<100, &checks) == Array(Self.bytes[..<100]))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file.path))
    try handle.write(contentsOf: Data([1]))
    try handle.close()
    let failure = checks.pass()
    #expect(failure?.subject == file.path)
    #expect(failure?.cause.contains("since the disk was built") == true)
    // Each further read fails as well.
    _ = try file.read(4096..<8192, &checks)
    #expect(checks.pass() != nil)
  }

  @Test(
    "a file that is cut off while it is mapped fails, and ends nothing else",
    .disabled(if: Sanitizer.isForThreads, "it does not survive the signal")
  )
  func truncation() throws {
    let file = try Warm()
    var checks = DeferredChecks()
    let range = 1 << 20..<1 << 20 + 8192
    let place = try #require(try file.place(range, &checks))
    try file.truncate(to: 5000)
    // Looked at by a copy, which is stopped by SIGBUS.
    var isThere = true
    let copy = try [UInt8].read(count: range.count) { output throws(ReadFailure) in
      isThere = place.copy(place.count, into: &output)
    }
    #expect(!isThere)
    #expect(copy == Array(repeating: 0, count: range.count))
    #expect(checks.pass()?.cause.contains("size changed") == true)
    #expect(throws: ReadFailure.self) {
      var checks = DeferredChecks()
      _ = try file.read(range, &checks)
    }
    // What is left is not the file's any more either.
    _ = try file.read(0..<100, &checks)
    #expect(checks.pass() != nil)
  }

  @Test("checks that nobody passes let the file go")
  func abandonedChecks() throws {
    let file = try Warm()
    for _ in 0..<10 {
      var checks = DeferredChecks()
      _ = try file.read(0..<100, &checks)
    }
    let other = file.directory("other")
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: other))
    let disk = try #require(try Disk.ofHostFile(other, descriptors: file.descriptors))
    #expect(try disk.bytes(0..<3) == [1, 2, 3])
    // There is room for one: the first one stays open only if somebody holds it.
    #expect(try openDescriptorCount(below: file.directory.path) == 1)
    var checks = DeferredChecks()
    _ = try file.disk.bytes(0..<1)
    _ = try file.read(0..<100, &checks)
    #expect(try disk.bytes(0..<3) == [1, 2, 3])
    #expect(try openDescriptorCount(below: file.directory.path) == 2)
    #expect(checks.pass() == nil)
  }
}
