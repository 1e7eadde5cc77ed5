import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Bytes that make no sense, in every phase.
  struct GarbageTests {
    /// Sends bytes, and goes away when the server has had a look at them.
    private func send(_ bytes: [UInt8], _ client: NBDTestClient) throws {
      client.timeout = 5
      do {
        try client.send(bytes)
        try client.endSending()
        _ = try client.receiveUntilEOF(limit: 1 << 26)
      } catch ConnectionFailure.closed {
        // It may be cut off at any time.
      }
      client.close()
    }

    @Test("N5: random bytes instead of flags, options and requests", arguments: 0..<3)
    func randomBytes(phase: Int) throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      var random = SeededGenerator(seed: UInt64(phase))
      for _ in 0..<60 {
        let client =
          switch phase {
          case 0: try NBDTestClient(unixPath: server.path)
          case 1: try server.negotiating()
          default: try server.connect()
          }
        let count = 1 + random.anyMagnitude(below: 100_000)
        try send((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, client)
      }
      try server.checkService()
    }

    @Test("N5: options with random codes, lengths and data")
    func randomOptions() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      var random = SeededGenerator(seed: 11)
      for _ in 0..<60 {
        var bytes: [UInt8] = []
        for _ in 0..<30 {
          let code = UInt32.random(in: 0...12, using: &random)
          let numbers = (0..<random.anyMagnitude(below: 40)).flatMap { _ in
            [0, 0, 0, UInt8.random(in: 0...20, using: &random)]
          }
          let tail = random.bytes(random.anyMagnitude(below: 40))
          // EXPORT_NAME, ABORT and GO would end it early.
          let isEnd = [1, 2, 7].contains(code) && Int.random(in: 0..<8, using: &random) > 0
          bytes += NBDTestClient.optionBytes(isEnd ? 6 : code, data: numbers + tail)
        }
        try send(bytes, server.negotiating())
      }
      try server.checkService()
    }

    @Test("N5: requests with random fields", arguments: [false, true])
    func randomRequests(isStructured: Bool) throws {
      var random = SeededGenerator(seed: 12)
      let known = try KnownDisk.random(size: 300_000, piece: 20_000, using: &random)
      let server = try RunningServer(known.disk)
      for _ in 0..<30 {
        let client = try server.connect(structured: isStructured)
        var requests: [NBDTestClient.Request] = []
        for cookie in 0..<60 as Range<UInt64> {
          var type = UInt16.random(in: 0...9, using: &random)
          if type == NBD.Command.disconnect { type = NBD.Command.read }
          let length = UInt32(random.anyMagnitude(below: type == 1 ? 5000 : 1 << 32))
          requests.append(
            .init(
              type: type,
              flags: Bool.random(using: &random) ? 0 : UInt16.random(in: 0...63, using: &random),
              cookie: cookie,
              offset: random.next() >> UInt64.random(in: 0...60, using: &random),
              length: UInt64(length),
              payload: type == 1 ? random.bytes(Int(length)) : []
            )
          )
        }
        try client.send(requests)
        // Each gets an answer that the client finds no fault with.
        for result in try client.collect(0..<60).values where result.request.type == 0 {
          guard result.error == nil else { continue }
          let start = Int(result.request.offset)
          #expect(result.bytes == Array(known.bytes[start..<start + Int(result.request.length)]))
        }
      }
    }

    @Test("N5, E9: requests with extended headers, random fields, and whatever they announce")
    func randomExtendedRequests() throws {
      var random = SeededGenerator(seed: 13)
      let known = try KnownDisk.random(size: 300_000, piece: 20_000, using: &random)
      let server = try RunningServer(known.disk)
      for _ in 0..<30 {
        let client = try server.negotiating()
        try client.negotiateExtendedHeaders()
        try client.setMetaContexts(["base:allocation"])
        try client.go()
        var requests: [NBDTestClient.Request] = []
        for cookie in 0..<60 as Range<UInt64> {
          var type = UInt16.random(in: 0...9, using: &random)
          if type == NBD.Command.disconnect { type = NBD.Command.read }
          let isPlain = Bool.random(using: &random)
          let flags = isPlain ? 0 : UInt16.random(in: 0...63, using: &random)
          let hasPayload = flags & NBD.CommandFlag.payloadLength != 0
          let length =
            hasPayload ? random.anyMagnitude(below: 5000) : random.anyMagnitude(below: .max)
          var payload = hasPayload ? random.bytes(length) : []
          // A length and a context are what makes sense behind block status.
          if hasPayload && Bool.random(using: &random) && length >= 12 {
            payload.replaceSubrange(0..<12, with: [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1])
          }
          requests.append(
            .init(
              type: type,
              flags: flags,
              cookie: cookie,
              offset: random.next() >> UInt64.random(in: 0...60, using: &random),
              length: UInt64(length),
              payload: payload
            )
          )
        }
        try client.send(requests)
        for result in try client.collect(0..<60).values where result.request.type == 0 {
          guard result.error == nil else { continue }
          let start = Int(result.request.offset)
          #expect(result.bytes == Array(known.bytes[start..<start + Int(result.request.length)]))
        }
      }
      try server.checkService()
    }
  }
}
