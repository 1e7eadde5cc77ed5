import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Bytes that cannot be read.
  struct FailureTests {
    private static let size = 1 << 20
    private static let bytes = PatternSource.bytes(0..<size)

    /// A server of bytes that cannot be read around the middle.
    private static func server(isSlow: Bool) throws -> RunningServer {
      var disk = Disk(Array(bytes[..<600_000]))
      let source = BrokenSource(600_000..<600_010, isSlow: isSlow)
      try disk.append(.source(source, offset: 600_000), count: size - 600_000)
      return try RunningServer(disk)
    }

    @Test(
      "R3, R4, V1, D6: a short read that fails is answered with EIO, and no data",
      arguments: [false, true],
      [false, true]
    )
    func shortReads(isStructured: Bool, isSlow: Bool) throws {
      let server = try Self.server(isSlow: isSlow)
      let client = try server.connect(structured: isStructured)
      for (offset, length) in [(600_000, 1), (599_000, 4096), (500_000, 1 << 17), (600_009, 9)] {
        for flags in isStructured ? [0, NBD.CommandFlag.df] : [0] {
          let failure = #expect(throws: RequestFailed.self) {
            try client.read(offset: UInt64(offset), length: UInt32(length), flags: flags)
          }
          #expect(failure?.code == NBD.ErrorNumber.eio)
          #expect(failure?.message.isEmpty == !isStructured)
        }
      }
      #expect(try client.read(offset: 599_999, length: 1).bytes == [Self.bytes[599_999]])
      let behind = try client.read(offset: 700_000, length: 10).bytes
      #expect(behind == Array(Self.bytes[700_000..<700_010]))
      // The operator is told once.
      #expect(server.log.errors.count == 1)
      #expect(server.log.errors.first?.contains("broken source") == true)
    }

    @Test("K3, R8: a long read in chunks that fails ends with an error", arguments: [false, true])
    func chunkedRead(isSlow: Bool) throws {
      let server = try Self.server(isSlow: isSlow)
      let client = try server.connect()
      for _ in 0..<3 {
        // The client throws if the chunk before was the last.
        let failure = #expect(throws: RequestFailed.self) {
          try client.read(offset: 10, length: UInt32(Self.size - 10))
        }
        #expect(failure?.code == NBD.ErrorNumber.eio)
      }
      #expect(try client.read(offset: 0, length: 500_000).bytes == Array(Self.bytes[..<500_000]))
    }

    @Test("K5, C5: a long read in one chunk is filled up, then fails", arguments: [false, true])
    func contiguousRead(isSlow: Bool) throws {
      let server = try Self.server(isSlow: isSlow)
      let client = try server.connect()
      let length = Self.size - 10
      let request = NBDTestClient.Request(
        type: 0,
        flags: NBD.CommandFlag.df,
        cookie: 9,
        offset: 10,
        length: UInt64(length)
      )
      try client.send(request.bytes)
      let head = try client.receive(28)
      #expect(try head.u16(at: 4) == 0 && head.u16(at: 6) == NBD.ChunkType.offsetData)
      #expect(try head.u32(at: 16) == UInt32(length + 8) && head.u64(at: 20) == 10)
      let data = try client.receive(length)
      #expect(data[..<(1 << 17)] == Self.bytes[10..<10 + 1 << 17])
      // Nothing but the disk's bytes, and zeros from where they end.
      #expect(zip(data, Self.bytes[10...]).allSatisfy { $0 == $1 || $0 == 0 })
      #expect(data[599_990...].allSatisfy { $0 == 0 })
      let end = try client.receive(26)
      #expect(try end.u16(at: 4) == 1 && end.u16(at: 6) == NBD.ChunkType.error)
      #expect(try end.u64(at: 8) == 9 && end.u32(at: 20) == NBD.ErrorNumber.eio)
      _ = try client.receive(Int(try end.u16(at: 24)))
      #expect(try client.read(offset: 0, length: 3).bytes == Array(Self.bytes[..<3]))
    }

    @Test("R3: a long simple reply that fails ends the connection", arguments: [false, true])
    func simpleRead(isSlow: Bool) throws {
      let server = try Self.server(isSlow: isSlow)
      let client = try server.connect(structured: false)
      let length = UInt32(Self.size)
      try client.send(NBDTestClient.Request(type: 0, cookie: 9, length: UInt64(length)).bytes)
      let bytes = try client.receiveUntilEOF(limit: 2 * Self.size)
      #expect(bytes.count < 16 + 600_000)
      #expect(bytes.dropFirst(16) == Self.bytes.prefix(max(0, bytes.count - 16)))
      try server.checkService()
    }

    @Test("R2: others are answered next to a read that fails", arguments: [false, true])
    func neighbours(isStructured: Bool) throws {
      let server = try Self.server(isSlow: true)
      let client = try server.connect(structured: isStructured)
      let requests = (0..<200 as Range<UInt64>).map {
        NBDTestClient.Request(type: 0, cookie: $0, offset: 599_000 + $0 * 10, length: 10)
      }
      try client.send(requests)
      for (cookie, result) in try client.collect(0..<200) {
        let offset = 599_000 + Int(cookie) * 10
        let expected = Self.bytes[offset..<offset + 10]
        #expect(offset == 600_000 ? result.error?.code == 5 : result.bytes == Array(expected))
      }
    }
  }
}
