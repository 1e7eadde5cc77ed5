import DiskModel
import Synchronization
import TestSupport
import Testing

@testable import NBDServer

extension ServerTests {
  /// Clients that read what is not in the host's memory.
  struct StorageOutlookTests {
    @Test("many misses make one expect more, and hits make up for several")
    func outlook() {
      var outlook = StorageOutlook()
      #expect(!outlook.isCold)
      for _ in 0..<7 { outlook.note(wasThere: false) }
      #expect(!outlook.isCold)
      outlook.note(wasThere: false)
      #expect(outlook.isCold)
      // However long it was cold, three hits are enough.
      for _ in 0..<100 { outlook.note(wasThere: false) }
      for _ in 0..<3 { outlook.note(wasThere: true) }
      #expect(!outlook.isCold)
      // With one hit in six it is not worth asking first, with one in four it is.
      for turn in 0..<500 { outlook.note(wasThere: turn % 6 == 0) }
      #expect(outlook.isCold)
      for turn in 0..<500 { outlook.note(wasThere: turn % 4 == 0) }
      #expect(!outlook.isCold)
    }

    @Test(
      "an event loop that others need does not ask for what is expected not to be there",
      arguments: [false, true]
    )
    func sparedEventLoop(isShared: Bool) throws {
      let source = ColdSource()
      var disk = Disk()
      try disk.append(.source(source, offset: 0), count: 1 << 20)
      let server = try RunningServer(disk)
      let others = try (0..<(isShared ? 2 : 0)).map { _ in try server.connect() }
      defer { for other in others { other.reset() } }
      // Those that are not quick stay where they were accepted, and so does this one, for
      // less than 64 requests.
      for other in others { try other.perform(NBD.Command.flush) }
      let client = try server.connect()
      func read(_ count: Int) throws {
        for index in 0..<count {
          let bytes = try client.read(offset: UInt64(index * 512), length: 512).bytes
          #expect(bytes == PatternSource.bytes(index * 512..<(index + 1) * 512))
        }
      }
      try read(20)
      #expect(source.sparedCount.load(ordering: .relaxed) == (isShared ? 12 : 0))
      #expect(source.waitCount.load(ordering: .relaxed) == 20)
      // What the pool finds there makes the event loop ask again.
      source.isCold.store(false, ordering: .relaxed)
      try read(5)
      source.sparedCount.store(0, ordering: .relaxed)
      try read(20)
      #expect(source.sparedCount.load(ordering: .relaxed) == 0)
      #expect(source.waitCount.load(ordering: .relaxed) == 20)
    }
  }
}

/// A pattern of which nothing is in the host's memory, until the test says otherwise.
private final class ColdSource: ByteSource {
  let isCold = Atomic(true)
  /// How often somebody wanted bytes, but not asked the host for them.
  let sparedCount = Atomic(0)
  /// How often somebody waited for bytes.
  let waitCount = Atomic(0)
  private let pattern = PatternSource()

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    waitCount.add(1, ordering: .relaxed)
    try pattern.read(count, at: offset, into: &output)
  }

  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    deferring checks: inout DeferredChecks
  ) throws(ReadFailure) -> Bool {
    guard checks.mayAskHost else {
      sparedCount.add(1, ordering: .relaxed)
      return false
    }
    guard !isCold.load(ordering: .relaxed) else { return false }
    try pattern.read(count, at: offset, into: &output)
    return true
  }
}
