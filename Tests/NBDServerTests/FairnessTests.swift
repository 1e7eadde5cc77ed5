import DiskModel
import NBDServer
import Synchronization
import TestSupport
import Testing

extension ServerTests {
  /// What one client can do to others.
  struct FairnessTests {
    @Test(
      "N3: a client that has the server do much does not keep others waiting",
      .disabled(if: Sanitizer.isActive, "what a sanitizer makes slow keeps others waiting"),
      arguments: [NBD.Command.read, NBD.Command.blockStatus]
    )
    func greedyClient(type: UInt16) throws {
      // Sectors of data and holes for block status; for reading, one hole.
      var disk = Disk(zeros: .hole, size: 1 << 33)
      if type == NBD.Command.blockStatus {
        var unit = Disk([1, 2, 3])
        try unit.append(.zeros(.hole), count: 3)
        disk = Disk()
        try disk.append(.repeating(unit, phase: 0), count: 1 << 33)
      }
      let server = try RunningServer(disk)
      let endpoint = server.endpoint
      let (isReady, isEnough) = (Flag(), Flag())
      let greedy = Background {
        guard let client = try? NBDTestClient.connect(endpoint) else { return }
        let request = NBDTestClient.Request(type: type, cookie: 1, length: .max)
        try? client.send((0..<1000).flatMap { _ in request.bytes })
        // It takes all replies as they come.
        let size = type == NBD.Command.read ? 1 << 15 : 32
        while (try? client.receive(size)) != nil, !isEnough.isSet { isReady.set() }
        client.reset()
      }
      #expect(holdsSoon { isReady.isSet })
      // One of these shares the greedy client's event loop.
      defer { isEnough.set() }
      for _ in 0..<8 {
        let client = try NBDTestClient.connect(endpoint, timeout: 10)
        try client.perform(NBD.Command.flush)
      }
      isEnough.set()
      #expect(greedy.isDone(within: 30))
    }

    @Test(
      "N3: a client that never pauses does not keep others from being accepted",
      .disabled(if: Sanitizer.isActive, "no client is quick where a sanitizer makes it slow")
    )
    func restlessClient() throws {
      var limits = ServerLimits()
      // So that it is quick for sure.
      limits.busyPollTime = .milliseconds(100)
      let server = try RunningServer(Disk([1, 2, 3]), limits: limits)
      let endpoint = server.endpoint
      let (isReady, isEnough) = (Flag(), Flag())
      let restless = Background {
        guard let client = try? NBDTestClient.connect(endpoint) else { return }
        while !isEnough.isSet, (try? client.read(offset: 0, length: 3)) != nil { isReady.set() }
      }
      defer { isEnough.set() }
      #expect(holdsSoon { isReady.isSet })
      for _ in 0..<8 {
        let client = try NBDTestClient.connect(endpoint, timeout: 10)
        try client.perform(NBD.Command.flush)
        client.close()
      }
      isEnough.set()
      #expect(restless.isDone(within: 30))
    }
  }
}

/// Something that a thread tells another.
private final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set() { value.store(true, ordering: .relaxed) }
}
