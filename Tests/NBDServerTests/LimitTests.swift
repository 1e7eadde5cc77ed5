import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What clients may cost.
  struct LimitTests {
    private func server(
      isTCP: Bool = false,
      _ change: (inout ServerLimits) -> Void
    ) throws -> RunningServer {
      var limits = ServerLimits()
      change(&limits)
      return try RunningServer(Disk(zeros: .hole, size: 1 << 30), isTCP: isTCP, limits: limits)
    }

    /// Whether a new connection is closed without a word.
    private func isTurnedAway(_ server: RunningServer) throws -> Bool {
      let client = try NBDTestClient.connected(server.endpoint)
      defer { client.close() }
      return try client.isAtEOF(within: 10)
    }

    @Test(
      "N3, N6: connections beyond the limit are closed, until others leave",
      arguments: [false, true]
    )
    func connections(isTCP: Bool) throws {
      let server = try server(isTCP: isTCP) { $0.connections = 3 }
      let clients = try (0..<3).map { _ in try server.connect() }
      for _ in 0..<5 { #expect(try isTurnedAway(server)) }
      for client in clients { #expect(try client.read(offset: 5, length: 1).bytes == [0]) }
      // Said once, however many come.
      #expect(server.log.warnings.filter { $0.contains("there are 3 connections") }.count == 1)
      try clients[0].disconnect()
      #expect(try clients[0].isAtEOF(within: 10))
      // There is room again once the server has noticed.
      let deadline = ContinuousClock.now + .seconds(10)
      var next = try? server.connect()
      while next == nil && ContinuousClock.now < deadline { next = try? server.connect() }
      #expect(next != nil)
    }

    @Test("N3: connections of one address are counted apart; those over unix sockets are not")
    func connectionsPerAddress() throws {
      let server = try server(isTCP: true) { $0.connectionsPerAddress = 2 }
      let clients = try (0..<2).map { _ in try server.connect() }
      #expect(try isTurnedAway(server))
      #expect(server.log.warnings.contains { $0.contains("127.0.0.1 has 2 connections") })
      if case .tcp(let port, _) = server.endpoint,
        let other = try? NBDTestClient(tcpPort: port, host: "::1")
      {
        #expect(try other.readGreeting().flags == 3)
      }
      for client in clients { #expect(try client.read(offset: 5, length: 1).bytes == [0]) }
      let unix = try self.server { $0.connectionsPerAddress = 1 }
      let many = try (0..<5).map { _ in try unix.connect() }
      for client in many { #expect(try client.read(offset: 5, length: 1).bytes == [0]) }
    }

    @Test("N3: a negotiation may take only so long, whatever the client says")
    func negotiationTime() throws {
      let server = try server { $0.negotiationTime = .milliseconds(700) }
      let used = try server.connect()
      let client = try server.negotiating()
      let end = ContinuousClock.now + .seconds(20)
      #expect(throws: ConnectionFailure.self) {
        while ContinuousClock.now < end { _ = try client.listExports() }
      }
      // Once it is over, silence is fine.
      #expect(try used.isSilent(for: 0.3))
      #expect(try used.read(offset: 5, length: 1).bytes == [0])
    }

    @Test("N3: a client that is silent in a negotiation is disconnected", arguments: [0, 1, 2])
    func negotiationIdleTime(step: Int) throws {
      let server = try server { $0.negotiationIdleTime = .milliseconds(500) }
      let client = try NBDTestClient.connected(server.endpoint)
      if step > 0 {
        try client.readGreeting()
        try client.sendClientFlags(3)
      }
      // Those who say something in time are not silent.
      for _ in 0..<(step > 1 ? 4 : 0) {
        #expect(try client.isSilent(for: 0.2))
        #expect(try client.listExports().count == 1)
      }
      _ = try client.receiveUntilEOF()
      try server.checkService()
    }

    @Test("O4, O6, Z3: options are limited in number and size")
    func options() throws {
      let server = try server {
        $0.options = 5
        $0.optionSize = 8192
      }
      let client = try server.negotiating()
      for _ in 0..<5 { _ = try client.listExports() }
      #expect(throws: (any Error).self) { try client.listExports() }
      let large = try server.negotiating()
      let fits = try large.option(100, [UInt8](repeating: 1, count: 8192))
      #expect(fits.map(\.type) == [NBD.OptionReplyType.unsupported])
      #expect(throws: (any Error).self) {
        try large.option(100, [UInt8](repeating: 1, count: 8193))
      }
    }

    @Test("V7: requests that ask for too much are refused")
    func requestSize() throws {
      let server = try server { $0.requestSize = 1 << 25 }
      for isStructured in [false, true] {
        let client = try server.connect(structured: isStructured)
        #expect(try client.read(offset: 0, length: 1 << 25).bytes.count == 1 << 25)
        let error = #expect(throws: RequestFailed.self) {
          try client.read(offset: 0, length: 1 << 25 + 1)
        }
        let expected = isStructured ? NBD.ErrorNumber.eoverflow : NBD.ErrorNumber.einval
        #expect(error?.code == expected)
      }
    }
  }
}
