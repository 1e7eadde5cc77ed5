import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Greeting, flags and options, over a socket.
  struct NegotiationPhaseTests {
    private static func server(isTCP: Bool = false) throws -> RunningServer {
      try RunningServer(
        [
          Export(name: "first", description: "a dïsk", disk: Disk([1, 2, 3])),
          Export(name: "zwöi", description: "", disk: Disk(zeros: .hole, size: 1 << 40)),
        ],
        isTCP: isTCP
      )
    }

    @Test("G1-G4, G8: the server speaks first, and then waits", arguments: [false, true])
    func greeting(isTCP: Bool) throws {
      let server = try Self.server(isTCP: isTCP)
      var clients: [NBDTestClient] = []
      switch server.endpoint {
      case .unix(let path): clients.append(try NBDTestClient(unixPath: path))
      case .tcp(let port, _):
        #expect(port > 0)
        clients.append(try NBDTestClient(tcpPort: port))
        if let other = try? NBDTestClient(tcpPort: port, host: "::1") { clients.append(other) }
      }
      for client in clients {
        #expect(try client.readGreeting().flags == 3)
        #expect(try client.isSilent(for: 0.2))
        try client.sendClientFlags(3)
        #expect(try client.isSilent(for: 0.2))
        try client.go()
      }
    }

    @Test("G5: flags that were not offered end the connection", arguments: [4, 8, 1 << 31, .max])
    func unknownFlags(flags: UInt32) throws {
      let server = try Self.server()
      let client = try server.negotiating(flags: flags)
      #expect(try client.receiveUntilEOF() == [])
      try server.checkService()
    }

    @Test("G6, G7: a client without flags can use EXPORT_NAME, and gets no TLS")
    func noFlags() throws {
      let server = try Self.server()
      let client = try server.negotiating(flags: 0)
      let replies = try client.option(NBD.Option.startTLS)
      #expect(replies.map(\.type) == [NBD.OptionReplyType.unsupported])
      #expect(try client.exportName("first").size == 3)
      #expect(try client.read(offset: 1, length: 2).bytes == [2, 3])
    }

    @Test(
      "O2, O3, P1: unknown options are refused, and the next one parses",
      arguments: [0, 4, 12, 0x8000_0000, .max] as [UInt32]
    )
    func unknownOptions(code: UInt32) throws {
      let server = try Self.server()
      let client = try server.negotiating()
      for count in [0, 1, 16, 1000, 65536] {
        let replies = try client.option(code, Array(repeating: 0x49, count: count))
        #expect(replies.map(\.type) == [NBD.OptionReplyType.unsupported])
        #expect(try client.listExports().count == 2)
      }
      try client.go()
    }

    @Test("O4: absurd lengths end the connection at most", arguments: [65537, 1 << 20, .max])
    func absurdLength(length: UInt32) throws {
      let server = try Self.server()
      for code in [NBD.Option.exportName, NBD.Option.info, 1000] {
        let client = try server.negotiating()
        var bytes = Array(NBDTestClient.optionBytes(code).dropLast(4))
        bytes.append(u32: length)
        try client.send(bytes)
        #expect(try client.receiveUntilEOF() == [])
      }
      try server.checkService()
    }

    @Test("O5: a wrong option magic ends the connection")
    func wrongMagic() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      try client.sendOption(NBD.Option.list, magic: NBD.Magic.optionReply)
      #expect(try client.receiveUntilEOF() == [])
      try server.checkService()
    }

    @Test("O6: a connection may have plenty of options")
    func plentyOfOptions() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      for _ in 0..<1000 { #expect(try client.info(name: "first").size == 3) }
      #expect(try client.go(name: "zwöi").size == 1 << 40)
    }

    @Test("O6: options may come all at once, before any reply is read")
    func coalescedOptions() throws {
      let server = try Self.server()
      let client = try NBDTestClient(unixPath: server.path)
      var bytes: [UInt8] = [0, 0, 0, 3]
      // The replies are more than a socket takes.
      for _ in 0..<9000 { bytes += NBDTestClient.optionBytes(NBD.Option.list) }
      bytes += NBDTestClient.optionBytes(7, data: NBDTestClient.infoData(name: []))
      try client.send(bytes)
      try client.readGreeting()
      for _ in 0..<9000 {
        let replies = try client.readOptionReplies(to: NBD.Option.list)
        try #require(replies.count == 3)
      }
      #expect(try client.readOptionReplies(to: NBD.Option.go).count == 2)
      let request = NBDTestClient.Request(type: NBD.Command.read, cookie: 7, length: 3)
      try client.send(request.bytes)
      #expect(try client.receive(19).suffix(3) == [1, 2, 3])
    }

    @Test("O8, X4: what is refused leaves the connection, except with EXPORT_NAME")
    func refusals() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      for _ in 0..<3 {
        #expect(throws: OptionRefused.self) { try client.go(name: "third") }
        #expect(throws: OptionRefused.self) { try client.info(name: "third", requests: [3]) }
        #expect(throws: OptionRefused.self) { try client.acceptedOption(NBD.Option.list, [1]) }
        #expect(throws: OptionRefused.self) { try client.setMetaContexts(["base:allocation"]) }
      }
      #expect(try client.info(name: "first").size == 3)
      try client.sendOption(NBD.Option.exportName, data: Array("third".utf8))
      #expect(try client.receiveUntilEOF() == [])
      try server.checkService()
    }

    @Test("B1, B2: ABORT is acknowledged, and ends the connection", arguments: [0, 1, 5000])
    func abort(count: Int) throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let replies = try client.option(NBD.Option.abort, Array(repeating: 0, count: count))
      #expect(replies.map(\.type) == [NBD.OptionReplyType.ack])
      #expect(try client.receiveUntilEOF() == [])
    }

    @Test("B1: the acknowledgement of ABORT arrives behind much else")
    func abortBehindUnreadReplies() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      var bytes: [UInt8] = []
      for _ in 0..<9000 { bytes += NBDTestClient.optionBytes(NBD.Option.list) }
      try client.send(bytes + NBDTestClient.optionBytes(NBD.Option.abort))
      for _ in 0..<9000 { _ = try client.readOptionReplies(to: NBD.Option.list) }
      #expect(try client.readOptionReplies(to: NBD.Option.abort).count == 1)
      #expect(try client.isAtEOF(within: 10))
    }

    @Test("B3: a client that is gone before ABORT is acknowledged harms nobody")
    func abortAndReset() throws {
      let server = try Self.server(isTCP: true)
      for _ in 0..<50 {
        let client = try server.negotiating()
        try client.sendOption(NBD.Option.abort)
        client.reset()
      }
      try server.checkService()
    }

    @Test("L1, L2, L4, I2, I9: each listed export can be opened, and tells what LIST tells")
    func list() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let exports = try client.listExports()
      #expect(exports.map(\.name) == ["first", "zwöi"])
      #expect(exports.map(\.description) == ["a dïsk", ""])
      for export in exports {
        let info = try client.info(name: export.name, requests: [1, 2])
        #expect(info.name == export.name)
        #expect(info.description ?? "" == export.description)
        let other = try server.negotiating()
        // GO tells what INFO told.
        #expect(try other.go(name: info.name ?? "", requests: [1, 2]) == info)
      }
    }

    @Test("T1, T2, T3: there is no TLS, and nobody is asked for it")
    func noTLS() throws {
      let server = try Self.server()
      let client = try server.negotiating()
      let refusal = try client.option(NBD.Option.startTLS)
      #expect(refusal.map(\.type) == [NBD.OptionReplyType.unsupported])
      let replies = try client.option(NBD.Option.startTLS, [0x16, 3, 1])
      #expect(replies.map(\.type) == [NBD.OptionReplyType.invalid])
      for code in 2...12 as ClosedRange<UInt32> where code != NBD.Option.abort {
        for data in [[], NBDTestClient.infoData(name: Array("third".utf8)), [1]] {
          let last = try client.option(code, data).last?.type
          #expect(last != NBD.OptionReplyType.tlsRequired, "option \(code)")
        }
      }
      try server.negotiating().go()
    }

    @Test("I11, L1, X6: without exports there is no default export either")
    func noExports() throws {
      let server = try RunningServer([])
      let client = try server.negotiating()
      #expect(try client.listExports().isEmpty)
      let unknown = NBD.OptionReplyType.unknown
      #expect(try client.option(6, NBDTestClient.infoData(name: [])).map(\.type) == [unknown])
      try client.sendOption(NBD.Option.exportName)
      #expect(try client.receiveUntilEOF() == [])
    }
  }
}
