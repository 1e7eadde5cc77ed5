import DiskModel
import NBDServer
import Synchronization
import TestSupport
import Testing

extension ServerTests {
  /// Exports that are made for the client that asks for them.
  struct SessionExportTests {
    /// Makes disks of names, and counts how often; a name that starts with `!` makes none, and
    /// one that starts with `?` only after the gate was opened.
    private final class Maker: Sendable {
      let count = Atomic(0)
      let gate = GatedSource()
      let sessions = Mutex<[Session]>([])

      func make(_ session: Session) throws(SessionDiskError) -> Disk {
        count.add(1, ordering: .relaxed)
        sessions.withLock { $0.append(session) }
        switch session.exportName.first {
        case UInt8(ascii: "!"): throw SessionDiskError("a ! makes no disk")
        case UInt8(ascii: "?"):
          do {
            var disk = Disk()
            try disk.append(.source(gate, offset: 0), count: 1)
            _ = try disk.bytes(0..<1)
          } catch {
            throw SessionDiskError("\(error)")
          }
        default: break
        }
        return Disk(session.exportName)
      }
    }

    private func server(
      _ maker: Maker,
      isSameForAll: Bool = true,
      isTCP: Bool = false
    ) throws -> RunningServer {
      let recipe = SessionDisk(isSameForAll: isSameForAll) { session throws(SessionDiskError) in
        try maker.make(session)
      }
      let session = Export(name: "", description: "yours", content: .perSession(recipe))
      let fixed = Export(name: "fixed", description: "", disk: Disk([1, 2, 3]))
      return try RunningServer([session, fixed], other: session, isTCP: isTCP)
    }

    private func content(_ client: NBDTestClient, _ name: String) throws -> [UInt8] {
      try client.go(name: name)
      return try client.read(offset: 0, length: UInt32(name.utf8.count)).bytes
    }

    @Test("the name decides, whatever it is", arguments: ["x", "two words", "ü/é?%20", "fix"])
    func names(name: String) throws {
      let server = try server(Maker())
      let client = try server.negotiating()
      let info = try client.info(name: name, requests: [NBD.Info.name, NBD.Info.description])
      #expect(info.name == name && info.description == "yours")
      #expect(info.size == UInt64(name.utf8.count))
      #expect(try content(client, name) == Array(name.utf8))
      let other = try server.negotiating()
      #expect(try other.exportName(name).size == UInt64(name.utf8.count))
    }

    @Test("nothing is made before it is asked for, and once for INFO and GO")
    func timesMade() throws {
      let maker = Maker()
      let server = try server(maker)
      let client = try server.negotiating()
      #expect(try client.listExports().map(\.name) == ["", "fixed"])
      try client.negotiateStructuredReplies()
      _ = try client.setMetaContexts(name: "abc", ["base:allocation"])
      _ = try client.info(name: "fixed")
      #expect(maker.count.load(ordering: .relaxed) == 0)
      _ = try client.info(name: "abc")
      _ = try client.info(name: "abc")
      try client.go(name: "abc")
      #expect(maker.count.load(ordering: .relaxed) == 1)
      #expect(try client.read(offset: 0, length: 3).bytes == Array("abc".utf8))
    }

    @Test("what was negotiated in between counts: then it is made anew")
    func madeAnew() throws {
      let maker = Maker()
      let server = try server(maker)
      let client = try server.negotiating()
      _ = try client.info(name: "abc")
      try client.negotiateStructuredReplies()
      try client.go(name: "abc")
      let answers = maker.sessions.withLock { sessions in
        sessions.map { session in session.facts.first { $0.subject == "structured replies" }?.value
        }
      }
      #expect(answers == ["no", "yes"])
    }

    @Test("I3, I4, X4: what cannot be made is refused with a message, and negotiation goes on")
    func refusal() throws {
      let server = try server(Maker())
      let client = try server.negotiating()
      for option in [NBD.Option.info, NBD.Option.go, NBD.Option.info] {
        let data = NBDTestClient.infoData(name: Array("!".utf8))
        let replies = try client.option(option, data)
        #expect(replies.map(\.type) == [NBD.OptionReplyType.unknown])
        #expect(replies.first?.data == Array("a ! makes no disk".utf8))
      }
      #expect(try content(client, "fine") == Array("fine".utf8))
      let old = try server.negotiating()
      #expect(throws: ConnectionFailure.self) { try old.exportName("!") }
      try server.checkService()
    }

    @Test(
      "Z1, Z2: names have up to 4,096 bytes, of any kind but NUL, and are told if they are UTF-8"
    )
    func extremeNames() throws {
      let server = try server(Maker())
      let client = try server.negotiating()
      let long = [UInt8](repeating: 0xC3, count: 4096)
      for (name, isText) in [
        ([0xFF, 0x0A, 0x80], false), (long, false), (Array("\u{E9}".utf8), true),
      ] {
        let data = NBDTestClient.infoData(name: name, requests: [NBD.Info.name])
        let replies = try client.option(NBD.Option.info, data)
        #expect(replies.last?.isError == false)
        #expect(replies.contains { $0.data == [0, 1] + name } == isText)
      }
      for name in [[UInt8](repeating: 65, count: 4097), [65, 0, 65]] {
        let replies = try client.option(NBD.Option.info, NBDTestClient.infoData(name: name))
        #expect(replies.map(\.type) == [NBD.OptionReplyType.invalid])
      }
      #expect(try content(client, "fine") == Array("fine".utf8))
    }

    @Test("F7: only what is the same for all offers several connections", arguments: [false, true])
    func multiConn(isSameForAll: Bool) throws {
      let server = try server(Maker(), isSameForAll: isSameForAll)
      let client = try server.negotiating()
      let flags = try client.info(name: "x").flags
      #expect((flags & NBD.TransmissionFlag.canMultiConn != 0) == isSameForAll)
      #expect(try client.info(name: "fixed").flags & NBD.TransmissionFlag.canMultiConn != 0)
    }

    @Test("a recipe knows where the client is", arguments: [false, true])
    func address(isTCP: Bool) throws {
      let maker = Maker()
      let server = try server(maker, isTCP: isTCP)
      _ = try server.negotiating().info(name: "x")
      let session = try #require(maker.sessions.withLock { $0.first })
      switch session.client {
      case .unix, .vsock: #expect(!isTCP)
      case .tcp(let address, let port): #expect(isTCP && address == "127.0.0.1" && port > 0)
      }
      #expect(session.connectedAt <= .now)
      let facts = session.facts.map(\.subject)
      #expect(facts.contains("TLS") && facts.contains("client flags") && facts.contains("options"))
    }

    @Test("N3: a disk that takes long keeps nobody but its client waiting")
    func slowRecipe() throws {
      let maker = Maker()
      let server = try server(maker)
      let client = try server.negotiating()
      // What follows is sent at once, and waits.
      let name = Array("?slow".utf8)
      try client.send(
        NBDTestClient.optionBytes(NBD.Option.info, data: NBDTestClient.infoData(name: name))
          + NBDTestClient.optionBytes(NBD.Option.list)
      )
      #expect(maker.gate.isReached())
      for _ in 0..<10 {
        let other = try server.negotiating()
        try other.go(name: "fixed")
        #expect(try other.read(offset: 0, length: 3).bytes == [1, 2, 3])
      }
      #expect(try client.isSilent(for: 0.1))
      maker.gate.open()
      #expect(try client.readOptionReplies(to: NBD.Option.info).last?.isError == false)
      #expect(try client.readOptionReplies(to: NBD.Option.list).count == 3)
      #expect(try content(client, "then") == Array("then".utf8))
    }

    @Test("N1: requests that come right behind GO are answered")
    func pipelined() throws {
      let server = try server(Maker())
      for _ in 0..<20 {
        let client = try server.negotiating()
        let data = NBDTestClient.infoData(name: Array("abc".utf8))
        let read = NBDTestClient.Request(type: NBD.Command.read, cookie: 7, offset: 1, length: 2)
        try client.send(NBDTestClient.optionBytes(NBD.Option.go, data: data) + read.bytes)
        #expect(try client.readOptionReplies(to: NBD.Option.go).last?.isError == false)
        let reply = try client.receive(16 + 2)
        #expect(reply.suffix(2) == Array("bc".utf8))
      }
    }

    @Test("N3: clients that leave meanwhile take nothing with them", arguments: [false, true])
    func leaving(stopsServer: Bool) throws {
      let maker = Maker()
      let server = try server(maker)
      for _ in 0..<20 {
        let client = try server.negotiating()
        let data = NBDTestClient.infoData(name: Array("?x".utf8))
        try client.send(NBDTestClient.optionBytes(NBD.Option.go, data: data))
        #expect(maker.gate.isReached())
        client.close()
      }
      if stopsServer {
        server.stop()
        maker.gate.open()
      } else {
        maker.gate.open()
        try server.checkService()
        #expect(try content(server.negotiating(), "abc") == Array("abc".utf8))
      }
    }
  }
}
