import DiskModel
import Foundation
import Synchronization
import TestSupport
import Testing

struct DescriptorCacheTests {
  @Test(arguments: [1, 2, 4, 19, 20, 21])
  func neverAreMoreFilesOpenThanTheCapacity(capacity: Int) throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(20, capacity: capacity, in: directory)
    let files = (0..<20).map { HostFile(set, index: $0) }
    #expect(try set.openCount == 0)
    for round in 0..<3 {
      for index in 0..<20 {
        #expect(try set.read(files[index]) == NumberedFiles.bytes(of: index, size: 100))
        #expect(try set.openCount <= capacity, "round \(round), file \(index)")
      }
    }
    #expect(try set.openCount == min(capacity, 20))
  }

  @Test func aFileThatFitsIsOpenedOnce() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(3, capacity: 3, in: directory)
    let files = (0..<3).map { HostFile(set, index: $0) }
    for _ in 0..<5 { for file in files { _ = try set.read(file) } }
    #expect((0..<3).map(set.opens) == [1, 1, 1])
  }

  @Test func aClosedFileIsOpenedAgain() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(2, capacity: 1, in: directory)
    let files = (0..<2).map { HostFile(set, index: $0) }
    for _ in 0..<3 {
      for index in 0..<2 {
        #expect(try set.read(files[index]) == NumberedFiles.bytes(of: index, size: 100))
      }
    }
    #expect((0..<2).map(set.opens) == [3, 3])
  }

  @Test func aFileThatGoesDoesNotCloseTheOneThatHasItsPlace() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(2, capacity: 1, in: directory)
    let file = HostFile(set, index: 1)
    try withExtendedLifetime(HostFile(set, index: 0)) { first in
      _ = try set.read(first)
      _ = try set.read(file)
    }
    _ = try set.read(file)
    #expect((0..<2).map(set.opens) == [1, 1])
  }

  private final class Counts: Sendable {
    let values = Mutex<[Int]>([])
  }

  /// Reads file after file, each while the one before is being read, and counts
  /// the open files.
  private static func readNested(_ files: [HostFile], of set: NumberedFiles) throws -> [Int] {
    let counts = Counts()
    set.onRead { [unowned set] index in
      let count = try? set.openCount
      counts.values.withLock { $0.append(count ?? -1) }
      if index + 1 < files.count {
        let bytes = try? set.read(files[index + 1])
        #expect(bytes == NumberedFiles.bytes(of: index + 1, size: 100))
      }
    }
    #expect(try set.read(files[0]) == NumberedFiles.bytes(of: 0, size: 100))
    set.onRead(nil)
    return counts.values.withLock { $0 }
  }

  @Test func filesThatAreBeingReadStayOpen() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(10, capacity: 3, in: directory)
    let files = (0..<10).map { HostFile(set, index: $0) }
    #expect(try Self.readNested(files, of: set) == Array(1...10))
    #expect((0..<10).map(set.opens) == Array(repeating: 1, count: 10))
  }

  @Test func filesBeyondTheCapacityAreClosedAfterwards() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(20, capacity: 3, in: directory)
    let files = (0..<20).map { HostFile(set, index: $0) }
    _ = try Self.readNested(Array(files[..<10]), of: set)
    for file in files[10...] { _ = try set.read(file) }
    #expect(try set.openCount <= 3)
  }

  @Test func whatNobodyNeedsIsClosed() throws {
    let directory = try TemporaryDirectory()
    weak var leaked: NumberedFiles?
    do {
      let set = try NumberedFiles(3, capacity: 3, in: directory)
      leaked = set
      for index in 0..<3 { _ = try set.read(HostFile(set, index: index)) }
    }
    #expect(leaked == nil)
    #expect(try openDescriptorCount(below: directory.path) == 0)
  }

  @Test(.timeLimit(.minutes(30)))
  func severalThreadsReadWhileFilesAreEvicted() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(40, size: 5000, capacity: 4, in: directory)
    let files = (0..<40).map { HostFile(set, index: $0) }
    let problems = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      var random = SeededGenerator(seed: UInt64(thread))
      for _ in 0..<500 {
        let index = Int.random(in: 0..<40, using: &random)
        let start = Int.random(in: 0..<5000, using: &random)
        let range = start..<Int.random(in: start...5000, using: &random)
        do {
          var disk = Disk()
          try disk.append(.source(files[index], offset: range.lowerBound), count: range.count)
          let bytes = try disk.bytes(0..<range.count)
          let expected = Array(NumberedFiles.bytes(of: index, size: 5000)[range])
          if bytes != expected { problems.withLock { $0.append("other bytes of \(index)") } }
        } catch {
          problems.withLock { $0.append("\(error)") }
        }
      }
    }
    #expect(problems.withLock { $0 } == [])
    #expect(try set.openCount <= 4 + 8)
  }
}
