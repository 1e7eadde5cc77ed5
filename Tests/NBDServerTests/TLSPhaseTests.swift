import DiskModel
import Foundation
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What precedes TLS, and handshakes that come to nothing, over a socket.
  struct TLSPhaseTests {
    private static func server(
      isRequired: Bool = false,
      hasKeys: Bool = false,
      isTCP: Bool = false
    ) throws -> RunningServer {
      let credentials = try TestCredentials.shared()
      let security =
        if hasKeys {
          try TransportSecurity(keysIn: credentials.keys, isRequired: isRequired)
        } else {
          try TransportSecurity(
            certificatesIn: credentials(.server),
            verifiesClients: false,
            isRequired: isRequired
          )
        }
      return try RunningServer(Disk([1, 2, 3]), isTCP: isTCP, security: security)
    }

    /// A client that the server waits for to shake hands with.
    private static func startingTLS(_ server: RunningServer) throws -> NBDTestClient {
      let client = try server.negotiating()
      let replies = try client.option(NBD.Option.startTLS)
      #expect(replies.map(\.type) == [NBD.OptionReplyType.ack])
      return client
    }

    @Test("T5: what follows STARTTLS in the clear ends the connection, unlooked at")
    func injection() throws {
      let server = try Self.server()
      let start = NBDTestClient.optionBytes(NBD.Option.startTLS)
      let followers: [[UInt8]] = [
        NBDTestClient.optionBytes(NBD.Option.structuredReply),
        NBDTestClient.optionBytes(NBD.Option.go, data: NBDTestClient.infoData(name: [])),
        // The beginning of a client's hello, and a single byte.
        [0x16, 3, 1, 0, 100, 1, 0, 0, 96, 3, 3], [0],
      ]
      for follower in followers {
        let client = try server.negotiating()
        try client.send(start + follower)
        #expect(try client.receiveUntilEOF() == [])
        // It is the same if it comes a little later.
        let other = try Self.startingTLS(server)
        try other.send(follower)
        try other.endSending()
        try Self.expectNoOptionReply(try other.receiveUntilEOF())
      }
      try server.checkService()
    }

    /// Expects at most an alert: a record of TLS of type 21.
    private static func expectNoOptionReply(_ bytes: [UInt8]) throws {
      #expect(bytes.isEmpty || bytes[0] == 21, "\(bytes)")
      #expect(bytes.count < 20, "\(bytes)")
    }

    @Test("T8: what is no handshake ends the connection", arguments: [false, true])
    func garbage(hasKeys: Bool) throws {
      let server = try Self.server(hasKeys: hasKeys)
      var random = SeededGenerator(seed: 4)
      for count in [1, 5, 6, 100, 5000, 100_000] {
        for isRecord in [false, true] {
          let client = try Self.startingTLS(server)
          var bytes = random.bytes(count)
          // A record of a handshake, with garbage inside.
          if isRecord { bytes = [0x16, 3, 1, 0x20, 0] + bytes }
          // The server may close before it has taken everything.
          try? client.send(bytes)
          try? client.endSending()
          try Self.expectNoOptionReply(try client.receiveUntilEOF())
        }
      }
      try server.checkService()
      #expect(server.log.errors == [])
    }

    @Test("T8: a client that is gone in the middle of a handshake harms nobody")
    func reset() throws {
      let server = try Self.server(isTCP: true)
      for number in 0..<50 {
        let client = try Self.startingTLS(server)
        if number.isMultiple(of: 2) { try client.send([0x16, 3, 1, 1, 0, 1]) }
        if number.isMultiple(of: 3) { client.close() } else { client.reset() }
      }
      try server.checkService()
    }

    @Test("D5: clients that are silent during a handshake do not keep a server")
    func silence() throws {
      let server = try Self.server()
      let clients = try (0..<3).map { _ in try Self.startingTLS(server) }
      try clients[1].send([0x16, 3, 1, 1, 0, 1])
      for client in clients { #expect(try client.isSilent(for: 0.1)) }
      try server.checkService()
      #expect(Background { server.stop() }.isDone(within: 5))
      for client in clients { try Self.expectNoOptionReply(try client.receiveUntilEOF()) }
    }

    @Test("D3: a client that ends its half during a handshake is let go")
    func halfClosed() throws {
      let server = try Self.server()
      let client = try Self.startingTLS(server)
      try client.endSending()
      try Self.expectNoOptionReply(try client.receiveUntilEOF())
    }

    @Test("T9: where TLS is offered, a client may do without")
    func optional() throws {
      let server = try Self.server()
      let negotiating = try server.negotiating()
      for code in [3, 4, 6, 8, 9, 10, 11, 12] as [UInt32] {
        for data in [[], NBDTestClient.infoData(name: []), [1]] {
          let last = try negotiating.option(code, data).last?.type
          #expect(last != NBD.OptionReplyType.tlsRequired, "option \(code)")
        }
      }
      let client = try server.connect()
      #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
    }

    @Test("T3: STARTTLS with data starts nothing", arguments: [1, 11, 65536])
    func unwantedData(count: Int) throws {
      for isRequired in [false, true] {
        let server = try Self.server(isRequired: isRequired)
        let client = try server.negotiating()
        for _ in 0..<2 {
          let replies = try client.option(5, Array(repeating: 0x16, count: count))
          #expect(replies.map(\.type) == [NBD.OptionReplyType.invalid])
          // Both sides are in the clear.
          let list = try client.option(NBD.Option.list)
          #expect(list.last?.isError == isRequired)
        }
        #expect(try client.option(NBD.Option.startTLS).map(\.type) == [NBD.OptionReplyType.ack])
      }
    }

    @Test("T4: where TLS is required nothing else is to be had, and options stay in step")
    func required() throws {
      let server = try Self.server(isRequired: true)
      let client = try server.negotiating()
      for code in [3, 4, 6, 7, 8, 9, 10, 11, 99] as [UInt32] {
        for count in [0, 1, 1000, 65536] {
          let replies = try client.option(code, Array(repeating: 0x49, count: count))
          #expect(replies.map(\.type) == [NBD.OptionReplyType.tlsRequired])
        }
      }
      #expect(try client.option(NBD.Option.startTLS).map(\.type) == [NBD.OptionReplyType.ack])
      let other = try server.negotiating()
      try other.sendOption(NBD.Option.exportName)
      #expect(try other.receiveUntilEOF() == [])
      let leaving = try server.negotiating()
      #expect(try leaving.option(NBD.Option.abort).map(\.type) == [NBD.OptionReplyType.ack])
      #expect(try leaving.receiveUntilEOF() == [])
    }

    @Test("G7, O11, T2: a client without flags gets no TLS, and where that is required nothing")
    func noFlags() throws {
      let server = try Self.server(isRequired: true)
      let client = try server.negotiating(flags: 0)
      let refusal = try client.option(NBD.Option.startTLS)
      #expect(refusal.map(\.type) == [NBD.OptionReplyType.unsupported])
      for code in [3, 6, 7, 8, 9, 10, 11, 99] as [UInt32] {
        let replies = try client.option(code, NBDTestClient.infoData(name: []))
        #expect(replies.map(\.type) == [NBD.OptionReplyType.policy], "option \(code)")
      }
      try client.sendOption(NBD.Option.exportName)
      #expect(try client.receiveUntilEOF() == [])
    }
  }
}
