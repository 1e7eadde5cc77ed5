import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What READ returns.
  struct ReadTests {
    @Test(
      "C1, C4, K1, K2, K4, R4: random reads return the disk's bytes, in chunks as they should be",
      arguments: 0..<6 as Range<UInt64>,
      [false, true]
    )
    func randomReads(seed: UInt64, isStructured: Bool) throws {
      var random = SeededGenerator(seed: seed)
      let known = try KnownDisk.random(size: 600_000, piece: 40_000, using: &random)
      let server = try RunningServer(known.disk)
      let client = try server.connect(structured: isStructured)
      for _ in 0..<150 {
        let offset = Int.random(in: 0..<known.bytes.count, using: &random)
        let count = 1 + random.anyMagnitude(below: known.bytes.count - offset)
        let isWhole = isStructured && Bool.random(using: &random)
        let result = try client.read(
          offset: UInt64(offset),
          length: UInt32(count),
          flags: isWhole ? NBD.CommandFlag.df : 0
        )
        let comment: Comment = "seed \(seed), \(count) bytes at \(offset)"
        try #require(result.bytes == Array(known.bytes[offset..<offset + count]), comment)
        for chunk in result.chunks {
          let end = Int(chunk.offset) + chunk.length
          #expect(chunk.offset % 512 == 0 || Int(chunk.offset) == offset, comment)
          #expect(end % 512 == 0 || end == offset + count, comment)
          #expect(!chunk.isHole || !isWhole || result.chunks.count == 1, comment)
        }
      }
    }

    @Test("C1: offsets have 64 bits", arguments: [false, true])
    func farOffsets(isStructured: Bool) throws {
      var disk = Disk(zeros: .hole, size: .max - 4096)
      try disk.append(.source(PatternSource(), offset: 0), count: 4096)
      let server = try RunningServer(disk)
      let client = try server.connect(structured: isStructured)
      let size = UInt64(Int.max)
      #expect(client.export?.size == size)
      let last = try client.read(offset: size - 4096, length: 4096).bytes
      #expect(last == PatternSource.bytes(0..<4096))
      #expect(try client.read(offset: size - 1, length: 1).bytes == Array(last.suffix(1)))
      let mixed = try client.read(offset: size - 8191, length: 8191).bytes
      #expect(mixed == Array(repeating: 0, count: 4095) + last)
      for offset in [size, size + 1, .max, size - 1] as [UInt64] {
        let failure = #expect(throws: RequestFailed.self) {
          try client.read(offset: offset, length: 2)
        }
        #expect(failure?.code == NBD.ErrorNumber.einval)
      }
    }

    @Test(
      "C2, C3, R6, V4: reads beyond the end or of nothing are refused",
      arguments: [false, true]
    )
    func outside(isStructured: Bool) throws {
      let server = try RunningServer(Disk(zeros: .hole, size: 1000))
      let client = try server.connect(structured: isStructured)
      let outside: [(UInt64, UInt32)] = [
        (1000, 1), (999, 2), (0, 1001), (1, 1000), (0, .max), (.max, 1), (.max, .max),
        (UInt64.max - 99, 200), (1 << 63, 1), (1 << 62, 1), (0, 0), (1000, 0), (.max, 0),
      ]
      for (offset, length) in outside {
        let failure = #expect(throws: RequestFailed.self, "\(length) bytes at \(offset)") {
          try client.read(offset: offset, length: length)
        }
        #expect(failure?.code == NBD.ErrorNumber.einval)
        // With a text, where there can be one.
        #expect(failure?.message.isEmpty == !isStructured)
      }
      #expect(try client.read(offset: 999, length: 1).bytes == [0])
    }

    @Test("an empty disk can be used")
    func emptyDisk() throws {
      let server = try RunningServer(Disk())
      let client = try server.connect()
      #expect(client.export?.size == 0)
      for type in [NBD.Command.read, NBD.Command.cache, NBD.Command.blockStatus] {
        for length: UInt32 in [0, 1] {
          #expect(throws: RequestFailed.self) { try client.perform(type, length: UInt64(length)) }
        }
      }
      try client.perform(NBD.Command.flush)
    }

    @Test("K1, C5: holes are sent as holes, and with DF as zeros if there is data too")
    func holes() throws {
      var disk = Disk(zeros: .hole, size: 8192)
      try disk.append(.zeros(.written), count: 8192)
      try disk.append([UInt8](repeating: 1, count: 4096))
      let server = try RunningServer(disk)
      let client = try server.connect()
      let mixed = try client.read(offset: 0, length: 20480)
      #expect(mixed.chunks.map(\.isHole) == [true, false])
      #expect(mixed.chunks.map(\.length) == [16384, 4096])
      let whole = try client.read(offset: 0, length: 20480, flags: NBD.CommandFlag.df)
      #expect(whole.chunks.map(\.isHole) == [false] && whole.bytes == mixed.bytes)
      #expect(try client.read(offset: 512, length: 512).chunks.map(\.isHole) == [true])
      // Even a hole smaller than a sector can be a reply.
      #expect(try client.read(offset: 5, length: 1).chunks.count == 1)
    }

    @Test("R2: cookies are echoed bit for bit")
    func cookies() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      for isStructured in [false, true] {
        let client = try server.connect(structured: isStructured)
        let cookies: [UInt64] = [0, 1, .max, 1 << 63, 0x2560_9513_0000_0000, 0x0102_0304_0506_0708]
        for cookie in cookies {
          // The client throws at a reply whose cookie is another.
          try client.sendRequest(type: NBD.Command.read, cookie: cookie, length: 3)
          #expect(try client.collect([cookie])[cookie]?.bytes == [1, 2, 3])
          try client.sendRequest(type: NBD.Command.flush, cookie: cookie)
          #expect(try client.collect([cookie])[cookie]?.error == nil)
        }
      }
    }

    @Test("R2: a cookie may be used by several requests at once")
    func sameCookie() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let client = try server.connect(structured: false)
      let request = NBDTestClient.Request(type: NBD.Command.read, cookie: 5, length: 3)
      try client.send(request.bytes + request.bytes + request.bytes)
      let reply = try client.receive(19)
      #expect(try client.receive(38) == reply + reply)
    }

    @Test("Q1, N1: requests may arrive byte by byte, or all at once", arguments: [false, true])
    func segmentation(isTCP: Bool) throws {
      let server = try RunningServer(Disk.of(PatternSource(), size: 4096), isTCP: isTCP)
      let client = try server.connect(structured: false)
      var bytes: [UInt8] = []
      for cookie in 0..<20 as Range<UInt64> {
        let offset = cookie * 100
        let read = NBDTestClient.Request(type: 0, cookie: cookie, offset: offset, length: 50)
        bytes += read.bytes
        let payload = Array(read.bytes.prefix(7))
        bytes += NBDTestClient.Request(type: 1, cookie: 99, length: 7, payload: payload).bytes
      }
      for size in [1, 3, 27, 29, bytes.count] {
        try client.send(bytes, inPiecesOf: size)
        for cookie in 0..<20 {
          let start = cookie * 100
          #expect(try client.receive(66).suffix(50) == PatternSource.bytes(start..<start + 50)[...])
          _ = try client.receive(16)
        }
      }
    }

    @Test("N1: a negotiation may arrive byte by byte", arguments: [false, true])
    func slowNegotiation(isTCP: Bool) throws {
      let server = try RunningServer(Disk([1, 2, 3]), isTCP: isTCP)
      let client =
        switch server.endpoint {
        case .unix(let path): try NBDTestClient(unixPath: path)
        case .tcp(let port, let host): try NBDTestClient(tcpPort: port, host: host)
        }
      var bytes: [UInt8] = [0, 0, 0, 3]
      bytes += NBDTestClient.optionBytes(NBD.Option.list)
      bytes += NBDTestClient.optionBytes(7, data: NBDTestClient.infoData(name: []))
      bytes += NBDTestClient.Request(type: NBD.Command.read, cookie: 1, length: 3).bytes
      try client.send(bytes, inPiecesOf: 1)
      try client.readGreeting()
      #expect(try client.readOptionReplies(to: NBD.Option.list).count == 2)
      #expect(try client.readOptionReplies(to: NBD.Option.go).count == 2)
      #expect(try client.receive(19).suffix(3) == [1, 2, 3])
    }

    @Test("N2: thousands of requests may be on their way", arguments: [false, true])
    func pipelining(isSlow: Bool) throws {
      let source: any ByteSource = isSlow ? SlowSource() : PatternSource()
      let server = try RunningServer(Disk.of(source, size: 1 << 20))
      let client = try server.connect()
      let requests = (0..<5000 as Range<UInt64>).map {
        NBDTestClient.Request(type: 0, cookie: $0, offset: $0 * 100, length: 64)
      }
      try client.send(requests)
      for (cookie, result) in try client.collect(0..<5000) {
        let offset = Int(cookie) * 100
        #expect(result.bytes == PatternSource.bytes(offset..<offset + 64))
      }
    }
  }
}
