import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What clients can make the server use.
  struct ResourceTests {
    private static let mebibyte = 1 << 20

    /// Requests for `length` bytes each.
    private static func reads(_ count: Int, length: UInt32) -> [NBDTestClient.Request] {
      (0..<UInt64(count)).map {
        NBDTestClient.Request(type: NBD.Command.read, cookie: $0 + 1, length: UInt64(length))
      }
    }

    @Test(
      "N6: replies that a client does not read cost bounded memory",
      arguments: [false, true],
      [false, true]
    )
    func unreadReplies(isStructured: Bool, isSlow: Bool) throws {
      let source: any ByteSource = isSlow ? SlowSource() : PatternSource()
      let server = try RunningServer(Disk.of(source, size: 64 * Self.mebibyte))
      let before = try ProcessUsage.residentSize()
      let client = try server.connect(structured: isStructured)
      try client.send(Self.reads(64, length: UInt32(64 * Self.mebibyte)))
      try server.checkService()
      #expect(try client.isSilent(for: 20) == false)
      let growth = try ProcessUsage.residentSize() - before
      #expect(growth < 192 * Self.mebibyte, "\(growth) bytes")
      client.reset()
      try server.checkService()
    }

    @Test("N6: requests that wait for storage cost bounded memory")
    func waitingRequests() throws {
      let source = GatedSource()
      let server = try RunningServer(Disk.of(source, size: 4096))
      defer { source.open() }
      let client = try server.connect()
      let before = try ProcessUsage.residentSize()
      client.timeout = 2
      let requests = Self.reads(4000, length: 1).flatMap(\.bytes)
      // At some point the server takes no more.
      _ = try? { for _ in 0..<125 { try client.send(requests) } }()
      let growth = try ProcessUsage.residentSize() - before
      #expect(growth < 96 * Self.mebibyte, "\(growth) bytes")
    }

    @Test(
      "N6: requests that always arrive in two parts cost bounded memory",
      .disabled(if: Sanitizer.isActive, "AddressSanitizer keeps memory that was freed for a while")
    )
    func splitRequests() throws {
      let server = try RunningServer(Disk([1]))
      let client = try server.connect(structured: false)
      let before = try ProcessUsage.residentSize()
      let count = 32_000
      let write = NBDTestClient.Request(
        type: NBD.Command.write,
        cookie: 1,
        length: UInt64(count),
        payload: Array(repeating: 0, count: count)
      ).bytes
      try client.send(Array(write.prefix(14)))
      for _ in 0..<4000 {
        try client.send(Array(write[14...]) + Array(write[..<14]))
        _ = try client.receive(16)
      }
      let growth = try ProcessUsage.residentSize() - before
      #expect(growth < 48 * Self.mebibyte, "\(growth) bytes")
    }

    @Test("N6: what a client sends after DISC costs bounded memory")
    func floodAfterDisconnect() throws {
      let source = GatedSource()
      let server = try RunningServer(Disk.of(source, size: 4096))
      defer { source.open() }
      let client = try server.connect()
      try client.sendRequest(type: NBD.Command.read, length: 1)
      try client.disconnect()
      #expect(source.isReached())
      let before = try ProcessUsage.residentSize()
      client.timeout = 2
      let garbage = [UInt8](repeating: 0x5A, count: Self.mebibyte)
      _ = try? { for _ in 0..<200 { try client.send(garbage) } }()
      let growth = try ProcessUsage.residentSize() - before
      #expect(growth < 96 * Self.mebibyte, "\(growth) bytes")
    }

    @Test("N3, N6: 200 idle clients harm nobody, and leave nothing behind")
    func idleClients() throws {
      let server = try RunningServer(Disk.of(PatternSource(), size: 4096))
      let threads = try ProcessUsage.threadCount()
      var clients: [NBDTestClient] = []
      for index in 0..<200 {
        switch index % 4 {
        case 0: clients.append(try NBDTestClient(unixPath: server.path))
        case 1: clients.append(try server.negotiating())
        case 2: clients.append(try server.connect())
        default: clients.append(try server.connect(structured: false))
        }
      }
      try server.checkService()
      #expect(try clients[199].read(offset: 0, length: 4096).bytes.count == 4096)
      let sockets = try ProcessUsage.socketCount(boundTo: server.path)
      #expect(sockets == 201)
      #expect(try ProcessUsage.threadCount() < threads + 50)
      for client in clients { client.reset() }
      #expect(try holdsSoon { try ProcessUsage.socketCount(boundTo: server.path) == 1 })
      try server.checkService()
    }

    @Test("N3: clients that vanish at any byte harm nobody, and leave nothing behind")
    func vanishingClients() throws {
      let seed: UInt64 = 3
      var random = SeededGenerator(seed: seed)
      let bytes = [UInt8](repeating: 1, count: Self.mebibyte)
      let server = try RunningServer(.of(bytes, isSlow: true))
      var script: [UInt8] = [0, 0, 0, 3]
      script += NBDTestClient.optionBytes(8)
      script += NBDTestClient.optionBytes(
        10,
        data: NBDTestClient.metaContextData(name: [], queries: [Array("base:allocation".utf8)])
      )
      script += NBDTestClient.optionBytes(7, data: NBDTestClient.infoData(name: []))
      let negotiation = script.count
      script += Self.reads(4, length: 300_000).flatMap(\.bytes)
      script += Self.reads(20, length: 1 << 12).flatMap(\.bytes)
      for index in 0..<300 {
        let client = try NBDTestClient(unixPath: server.path)
        let limit = index % 2 == 0 ? negotiation : script.count
        try client.send(Array(script.prefix(Int.random(in: 0...limit, using: &random))))
        if index % 3 == 0 { _ = try client.receive(Int.random(in: 0...18, using: &random)) }
        client.reset()
      }
      let isClean = try holdsSoon { try ProcessUsage.socketCount(boundTo: server.path) == 1 }
      #expect(isClean, "seed \(seed)")
      try server.checkService()
    }

    @Test("N3: TCP clients that reset at any byte harm nobody")
    func resettingClients() throws {
      var random = SeededGenerator(seed: 4)
      let server = try RunningServer(Disk.of(SlowSource(), size: 4096), isTCP: true)
      for _ in 0..<60 {
        let client = try server.connect()
        let bytes = Self.reads(100, length: 4096).flatMap(\.bytes)
        try client.send(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))))
        client.reset()
      }
      try server.checkService()
    }
  }
}
