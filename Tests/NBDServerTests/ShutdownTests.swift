import DiskModel
import Foundation
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// How a server ends.
  struct ShutdownTests {
    /// Whether the server stops within 5 seconds.
    private static func stops(_ server: RunningServer) -> Bool {
      Background { server.stop() }.isDone(within: 5)
    }

    @Test("D5: idle clients do not keep a server", arguments: [false, true])
    func idleClients(isTCP: Bool) throws {
      let server = try RunningServer(Disk([1, 2, 3]), isTCP: isTCP)
      let clients = [
        try server.negotiating(), try server.connect(), try server.connect(structured: false),
      ]
      #expect(try clients[1].read(offset: 0, length: 3).bytes == [1, 2, 3])
      #expect(Self.stops(server))
      for client in clients { #expect(try client.receiveUntilEOF() == []) }
      #expect(throws: ConnectionFailure.self) { try server.connect() }
      if !isTCP { #expect(!FileManager.default.fileExists(atPath: server.path)) }
    }

    @Test("D5: clients in the middle of a negotiation do not keep a server")
    func negotiatingClients() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let silent = try NBDTestClient(unixPath: server.path)
      try silent.readGreeting()
      let partial = try server.negotiating()
      try partial.negotiateStructuredReplies()
      try partial.send(Array(NBDTestClient.optionBytes(NBD.Option.list).prefix(9)))
      let unread = try server.negotiating()
      try unread.send((0..<9000).flatMap { _ in NBDTestClient.optionBytes(NBD.Option.list) })
      #expect(Self.stops(server))
      #expect(try silent.receiveUntilEOF() == [])
      #expect(try partial.receiveUntilEOF() == [])
    }

    @Test("D5: a client that does not read its reply does not keep a server", arguments: [0, 1, 2])
    func unreadReply(kind: Int) throws {
      let bytes = [UInt8](repeating: 1, count: 1 << 24)
      let server = try RunningServer(.of(bytes, isSlow: kind == 2))
      let client = try server.connect(structured: kind != 0)
      try client.sendRequest(type: NBD.Command.read, length: 1 << 24)
      #expect(try !client.isSilent(for: 5))
      #expect(Self.stops(server))
    }

    @Test("D5: a read that waits for storage does not keep a server", arguments: [1, 1 << 20])
    func blockedSource(length: UInt32) throws {
      let source = GatedSource()
      defer { source.open() }
      let server = try RunningServer(Disk.of(source, size: 1 << 20))
      let client = try server.connect()
      let requests = (0..<20 as Range<UInt64>).map {
        NBDTestClient.Request(type: 0, cookie: $0, length: UInt64(length))
      }
      try client.send(requests)
      #expect(source.isReached())
      let stopping = Background { server.stop() }
      let isStopped = stopping.isDone(within: 5)
      #expect(isStopped, "stop() waits for a source")
      source.open()
      #expect(stopping.isDone(within: 20))
    }

    @Test("D4: replies that are on their way are sent whole", arguments: [false, true])
    func wholeReplies(isStructured: Bool) throws {
      let bytes = PatternSource.bytes(0..<1 << 20)
      let server = try RunningServer(Disk(bytes))
      let client = try server.connect(structured: isStructured)
      let cookie = try client.sendRequest(type: NBD.Command.read, length: 1 << 20)
      #expect(try !client.isSilent(for: 5))
      let stopping = Background { server.stop() }
      #expect(try client.collect([cookie])[cookie]?.bytes == bytes)
      #expect(try client.isAtEOF(within: 10))
      #expect(stopping.isDone(within: 5))
    }

    @Test("O9: options that come after the end began are refused, but for ABORT")
    func optionsDuringShutdown() throws {
      // The server grants its clients little time; a busy host may eat it up.
      let isSeen = try (0..<5).contains { _ in try isRefusedInNegotiation() }
      #expect(isSeen)
    }

    private func isRefusedInNegotiation() throws -> Bool {
      let server = try RunningServer(Disk([1, 2, 3]))
      let client = try server.negotiating()
      let leaving = try server.negotiating()
      let stopping = Background { server.stop() }
      defer { #expect(stopping.isDone(within: 5)) }
      do {
        while try client.option(NBD.Option.structuredReply).map(\.type) == [NBD.OptionReplyType.ack]
        {}
        let information: [UInt8] = [0, 0, 0, 4] + Array("disk".utf8) + [0, 0]
        for (code, data) in [
          (NBD.Option.list, []), (NBD.Option.info, information), (NBD.Option.go, information),
          (77, []),
        ] as [(UInt32, [UInt8])] {
          #expect(try client.option(code, data).map(\.type) == [NBD.OptionReplyType.shutdown])
        }
        #expect(try leaving.option(NBD.Option.abort).map(\.type) == [NBD.OptionReplyType.ack])
        return true
      } catch ConnectionFailure.closed {
        return false
      }
    }

    @Test("V8, D4: requests that come after the end began are refused", arguments: [false, true])
    func requestsDuringShutdown(isStructured: Bool) throws {
      // The server grants its clients little time; a busy host may eat it up.
      let isSeen = try (0..<5).contains { _ in try isRefusedDuringShutdown(isStructured) }
      #expect(isSeen)
    }

    private func isRefusedDuringShutdown(_ isStructured: Bool) throws -> Bool {
      let source = GatedSource()
      defer { source.open() }
      let server = try RunningServer(Disk.of(source, size: 4096))
      let client = try server.connect(structured: isStructured)
      let waiting = try client.sendRequest(type: NBD.Command.read, length: 100)
      try #require(source.isReached())
      let stopping = Background { server.stop() }
      defer { #expect(stopping.isDone(within: 5)) }
      do {
        var error: UInt32?
        while error == nil {
          let late = try client.sendRequest(type: NBD.Command.flush)
          error = try client.collect([late])[late]?.error?.code
        }
        #expect(error == NBD.ErrorNumber.eshutdown)
        source.open()
        #expect(try client.collect([waiting])[waiting]?.bytes == PatternSource.bytes(0..<100))
        #expect(try client.isAtEOF(within: 10))
        return true
      } catch ConnectionFailure.closed {
        return false
      }
    }

    @Test("stopping twice is harmless, and leaves no descriptors and threads behind")
    func stoppingTwice() throws {
      let threads = try ProcessUsage.threadCount()
      for _ in 0..<10 {
        let server = try RunningServer(Disk([1]))
        let client = try server.connect()
        server.stop()
        #expect(try ProcessUsage.socketCount(boundTo: server.path) == 0)
        client.close()
        guard Background({ server.server.stop() }).isDone(within: 5) else {
          Issue.record("the second stop() does not return")
          return
        }
      }
      #expect(try holdsSoon { try ProcessUsage.threadCount() < threads + 40 })
    }
  }
}
