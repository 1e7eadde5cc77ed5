import DiskModel
import Foundation
import NBDServer
import Synchronization
import TestSupport
import Testing

extension ServerTests {
  /// Exports that are made when the first client asks for them, and catalogs that are
  /// replaced.
  struct DeferredExportTests {
    /// Makes content when the gate is open, and counts how often it was asked to.
    private final class Recipe: Sendable {
      let count = Atomic(0)
      let failures = Atomic(0)
      let gate = DispatchSemaphore(value: 0)

      init(failures: Int = 0, isOpen: Bool = true) {
        self.failures.store(failures, ordering: .relaxed)
        if isOpen { gate.signal() }
      }

      func content() throws(SessionDiskError) -> Export.Content {
        gate.wait()
        gate.signal()
        let number = count.add(1, ordering: .relaxed).newValue
        guard number > failures.load(ordering: .relaxed) else {
          throw SessionDiskError("failure \(number)")
        }
        return .disk(Disk([UInt8(number), 2, 3]))
      }

      var deferred: DeferredContent {
        DeferredContent { [self] () throws(SessionDiskError) in try content() }
      }

      func export(_ name: String) -> Export {
        Export(name: name, description: "made later", content: .deferred(deferred))
      }
    }

    @Test("many clients that ask at once have it made once, and nobody else waits")
    func once() throws {
      let recipe = Recipe(isOpen: false)
      let server = try RunningServer([
        recipe.export("slow"), Export(name: "fast", description: "", disk: Disk([9])),
      ])
      let clients = try (0..<20).map { _ in try server.negotiating() }
      for client in clients {
        #expect(try client.listExports().map(\.description) == ["made later", ""])
        let data = NBDTestClient.infoData(name: Array("slow".utf8))
        try client.sendOption(NBD.Option.info, data: data)
      }
      // One that goes leaves the others alone.
      clients[7].close()
      let other = try server.negotiating()
      try other.go(name: "fast")
      #expect(try other.read(offset: 0, length: 1).bytes == [9])
      #expect(recipe.count.load(ordering: .relaxed) == 0)
      recipe.gate.signal()
      for client in clients.enumerated().filter({ $0.offset != 7 }).map(\.element) {
        let replies = try client.readOptionReplies(to: NBD.Option.info)
        #expect(replies.last?.isError == false)
        try client.go(name: "slow")
        #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
      }
      #expect(recipe.count.load(ordering: .relaxed) == 1)
      try server.checkService()
    }

    @Test("what cannot be made is refused with the reason, and tried again for the next client")
    func failure() throws {
      let recipe = Recipe(failures: 2)
      let server = try RunningServer([recipe.export("x")])
      let client = try server.negotiating()
      for number in 1...2 {
        let data = NBDTestClient.infoData(name: Array("x".utf8))
        let replies = try client.option(NBD.Option.go, data)
        #expect(replies.map(\.type) == [NBD.OptionReplyType.unknown])
        #expect(replies.first?.data == Array("failure \(number)".utf8))
      }
      try client.go(name: "x")
      #expect(try client.read(offset: 0, length: 3).bytes == [3, 2, 3])
    }

    @Test("a client that waits for it is not taken for one that says nothing")
    func patience() throws {
      let recipe = Recipe(isOpen: false)
      var limits = ServerLimits()
      limits.negotiationTime = .milliseconds(300)
      limits.negotiationIdleTime = .milliseconds(200)
      let server = try RunningServer([recipe.export("x")], limits: limits)
      let client = try server.negotiating()
      let data = NBDTestClient.infoData(name: Array("x".utf8))
      try client.sendOption(NBD.Option.info, data: data)
      usleep(900_000)
      recipe.gate.signal()
      #expect(try client.readOptionReplies(to: NBD.Option.info).last?.isError == false)
    }

    @Test("other exports are for clients that connect later")
    func replacement() throws {
      let old = Export(name: "disk", description: "old", disk: Disk([1]))
      let gone = Export(name: "gone", description: "", disk: Disk([2]))
      let server = try RunningServer([old, gone])
      let reading = try server.negotiating()
      try reading.go(name: "disk")
      let negotiating = try server.negotiating()
      let recipe = Recipe()
      let new = [recipe.deferred, Recipe().deferred]
      let catalog = ExportCatalog(
        [
          Export(name: "other", description: "", content: .deferred(new[1])),
          Export(name: "disk", description: "new", content: .deferred(new[0])),
        ],
        defaultName: "disk"
      )
      server.server.offer(catalog)
      #expect(try negotiating.listExports().map(\.name) == ["disk", "gone"])
      let later = try server.negotiating()
      #expect(try later.listExports().map(\.name) == ["other", "disk"])
      #expect(throws: OptionRefused.self) { try later.go(name: "gone") }
      try later.go()
      #expect(try later.read(offset: 0, length: 3).bytes == [1, 2, 3])
      try negotiating.go(name: "gone")
      #expect(try negotiating.read(offset: 0, length: 1).bytes == [2])
      #expect(try reading.read(offset: 0, length: 1).bytes == [1])
    }

    @Test("a catalog that wants something made first is offered when that is done, or never")
    func madeFirst() throws {
      let server = try RunningServer([Export(name: "a", description: "", disk: Disk([1]))])
      let recipe = Recipe(isOpen: false)
      let deferred = recipe.deferred
      let catalog = ExportCatalog([
        Export(name: "b", description: "", content: .deferred(deferred))
      ])
      server.server.offer(catalog, afterMaking: [deferred], if: { false })
      server.server.offer(catalog, afterMaking: [deferred])
      #expect(try server.negotiating().listExports().map(\.name) == ["a"])
      recipe.gate.signal()
      let deadline = ContinuousClock.now + .seconds(20)
      while try server.negotiating().listExports().map(\.name) != ["b"] {
        try #require(ContinuousClock.now < deadline)
        usleep(1000)
      }
      #expect(recipe.count.load(ordering: .relaxed) == 1)
    }

    @Test("a server ends while something is being made")
    func end() throws {
      let recipe = Recipe(isOpen: false)
      let server = try RunningServer([recipe.export("x")])
      let client = try server.negotiating()
      let data = NBDTestClient.infoData(name: Array("x".utf8))
      try client.sendOption(NBD.Option.info, data: data)
      usleep(50_000)
      server.stop()
      #expect(throws: (any Error).self) { _ = try client.readOptionReplies(to: NBD.Option.info) }
      recipe.gate.signal()
    }
  }
}
