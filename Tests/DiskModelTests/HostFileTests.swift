import DiskModel
import Foundation
import TestSupport
import Testing

struct HostFileTests {
  @Test func aFileIsASource() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(2, size: 20_000, capacity: 1, in: directory)
    var disk = Disk([1, 2, 3])
    try disk.append(.source(HostFile(set, index: 0), offset: 100), count: 19_900)
    try disk.append(.source(HostFile(set, index: 1), offset: 0), count: 20_000)
    let bytes = (0..<2).map { NumberedFiles.bytes(of: $0, size: 20_000) }
    try checkConformance(of: disk, bytes: [1, 2, 3] + bytes[0][100...] + bytes[1], seed: 1)
  }

  @Test func aFileIsOpenedWhenItIsRead() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(1, capacity: 1, in: directory)
    let file = HostFile(set, index: 0)
    #expect(set.opens(of: 0) == 0)
    _ = try set.read(file)
    #expect(set.opens(of: 0) == 1)
  }

  enum Difference: CaseIterable {
    case device, inode, size, modified, modifiedNanoseconds, changed, changedNanoseconds

    func apply(to seal: inout FileSeal) {
      switch self {
      case .device: seal.device += 1
      case .inode: seal.inode += 1
      case .size: seal.size += 1
      case .modified: seal.modified.seconds -= 1
      case .modifiedNanoseconds: seal.modified.nanoseconds ^= 1
      case .changed: seal.changed.seconds -= 1
      case .changedNanoseconds: seal.changed.nanoseconds ^= 1
      }
    }

    var words: String {
      switch self {
      case .device, .inode: "another file"
      case .size: "size changed from 101 to 100"
      case .modified, .modifiedNanoseconds: "was modified"
      case .changed, .changedNanoseconds: "attributes changed"
      }
    }
  }

  @Test(arguments: Difference.allCases)
  func everyPartOfTheSealCounts(difference: Difference) throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(1, capacity: 1, in: directory)
    let file = HostFile(set, index: 0)
    _ = try set.read(file)
    set.changeSeal(of: 0, difference.apply)
    var disk = Disk()
    try disk.append(.source(file, offset: 10), count: 5)
    for _ in 0..<2 {
      let failure = try #require(throws: ReadFailure.self) { try disk.bytes(1..<3) }
      #expect(failure.subject == directory("0"))
      #expect(failure.offset == 11)
      #expect(failure.cause.contains(difference.words), "\(failure)")
    }
    #expect(throws: ReadFailure.self) {
      var span = OutputRawSpan()
      _ = try file.readWithoutWaiting(0, at: 0, into: &span)
    }
  }

  @Test func bytesBehindTheEndAreAFailure() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(1, capacity: 1, in: directory)
    var disk = Disk()
    try disk.append(.source(HostFile(set, index: 0), offset: 0), count: 101)
    #expect(try disk.bytes(0..<100) == NumberedFiles.bytes(of: 0, size: 100))
    #expect(throws: ReadFailure.self) { try disk.bytes(0..<101) }
    #expect(throws: ReadFailure.self) { try disk.bytes(100..<101) }
  }

  @Test func aFileThatCannotBeOpenedIsNamed() throws {
    let directory = try TemporaryDirectory()
    let set = try NumberedFiles(1, capacity: 1, in: directory)
    try FileManager.default.removeItem(atPath: directory("0"))
    let file = HostFile(set, index: 0)
    let failure = try #require(throws: ReadFailure.self) { try set.read(file) }
    #expect(failure.subject == directory("0"))
    #expect(failure.cause.contains("gone"))
    #expect(try set.openCount == 0)
  }
}
