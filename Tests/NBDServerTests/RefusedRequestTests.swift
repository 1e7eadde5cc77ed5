import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// What is not done on a read-only disk, or not known.
  struct RefusedRequestTests {
    private static let bytes: [UInt8] = Array(1...200)

    /// The error that the request gets.
    private func error(
      _ client: NBDTestClient,
      _ type: UInt16,
      flags: UInt16 = 0,
      offset: UInt64 = 0,
      length: UInt32 = 1,
      payload: [UInt8] = []
    ) throws -> UInt32? {
      do {
        try client.perform(
          type,
          flags: flags,
          offset: offset,
          length: UInt64(length),
          payload: payload
        )
        return nil
      } catch let failure as RequestFailed {
        #expect(failure.message.isEmpty == !client.hasStructuredReplies)
        return failure.code
      }
    }

    @Test(
      "W1-W4, F6, R5, V2, Z10: what would change the disk is refused",
      arguments: [false, true]
    )
    func writing(isStructured: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.connect(structured: isStructured)
      for flags in [0, NBD.CommandFlag.fua] {
        for offset: UInt64 in [0, 199, 200, 1 << 40, .max] {
          #expect(try error(client, 1, flags: flags, offset: offset, payload: [7]) == 1)
          #expect(try error(client, 4, flags: flags, offset: offset) == 1)
          #expect(try error(client, 6, flags: flags, offset: offset) == 1)
        }
      }
      #expect(try error(client, 1, length: 0) == 1)
      #expect(try error(client, NBD.Command.trim, length: .max) == 1)
      #expect(try error(client, 6, flags: NBD.CommandFlag.noHole, length: .max) == 1)
      #expect(try client.read(offset: 0, length: 200).bytes == Self.bytes)
    }

    @Test("W2: the payload of a refused write is dropped, whatever", arguments: [false, true])
    func payloads(isStructured: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.connect(structured: isStructured)
      let tempting = NBDTestClient.Request(type: NBD.Command.disconnect, cookie: 77).bytes
      for count in [0, 1, 27, 28, 29, 4096, 32767, 32768, 32769, 1 << 20, 5_000_000] {
        let payload = (0..<count / 28 + 1).flatMap { _ in tempting }.prefix(count)
        let length = UInt32(count)
        #expect(try error(client, 1, length: length, payload: Array(payload)) == 1)
        #expect(try client.read(offset: 5, length: 3).bytes == [6, 7, 8])
      }
      // Many of them, and reads between them.
      let payload = Array(tempting.prefix(13))
      let requests = (0..<1000 as Range<UInt64>).map { cookie in
        cookie % 2 == 0
          ? NBDTestClient.Request(type: 0, cookie: cookie, length: 4)
          : NBDTestClient.Request(type: 1, cookie: cookie, length: 13, payload: payload)
      }
      try client.send(requests)
      let results = try client.collect(0..<1000)
      #expect(results.values.count { $0.error == nil } == 500)
    }

    @Test("Z4, W2: a payload of 2^25 bytes is no attack", arguments: [false, true])
    func largePayload(isExtended: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.negotiating()
      if isExtended { try client.negotiateExtendedHeaders() }
      try client.go()
      let payload = [UInt8](repeating: 0x25, count: 1 << 25)
      let flags = isExtended ? NBD.CommandFlag.payloadLength : 0
      for _ in 0..<2 {
        let length = UInt32(payload.count)
        #expect(try error(client, 1, flags: flags, length: length, payload: payload) == 1)
        #expect(try client.read(offset: 5, length: 3).bytes == [6, 7, 8])
      }
    }

    @Test("W2, N3: a client may announce 2^32 - 1 bytes, and vanish")
    func hugeWrite() throws {
      let server = try RunningServer(Disk(Self.bytes))
      for count in [0, 1, 100_000] {
        let client = try server.connect()
        let request = NBDTestClient.Request(type: 1, cookie: 1, length: .max)
        try client.send(request.bytes + Array(repeating: 0, count: count))
        #expect(try client.isSilent(for: 0.1))
        client.reset()
      }
      try server.checkService()
      #expect(try holdsSoon { try ProcessUsage.socketCount(boundTo: server.path) == 1 })
    }

    @Test("W5, W6, F5, F8, F10: FLUSH and CACHE succeed, and FUA goes with everything")
    func nothingToDo() throws {
      let server = try RunningServer(Disk(Self.bytes))
      for isStructured in [false, true] {
        let client = try server.connect(structured: isStructured)
        for flags in [0, NBD.CommandFlag.fua] {
          #expect(try error(client, NBD.Command.flush, flags: flags, length: 0) == nil)
          // Its offset and length are reserved.
          #expect(try error(client, 3, flags: flags, offset: .max, length: .max) == nil)
          #expect(try error(client, NBD.Command.cache, flags: flags, length: 200) == nil)
          #expect(try error(client, NBD.Command.read, flags: flags, length: 200) == nil)
          if isStructured { #expect(try error(client, 7, flags: flags, length: 200) == nil) }
        }
        #expect(try error(client, NBD.Command.cache, offset: 199, length: 2) == 22)
        #expect(try error(client, NBD.Command.cache, offset: .max, length: .max) == 22)
        #expect(try client.read(offset: 0, length: 200).bytes == Self.bytes)
      }
    }

    @Test("V5, Y1: unknown commands are invalid, and change nothing", arguments: [false, true])
    func unknownCommands(isStructured: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.connect(structured: isStructured)
      for type in [NBD.Command.resize, 9, 10, 255, 256, 0x100 | NBD.Command.read, 0x8000, .max] {
        #expect(try error(client, type, offset: 100, length: .max) == NBD.ErrorNumber.einval)
      }
      let other = try server.connect()
      #expect(other.export?.size == 200)
    }

    @Test(
      "V6, W6: unknown flags, and those of other commands, are invalid",
      arguments: [false, true]
    )
    func unknownFlags(isStructured: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.connect(structured: isStructured)
      for bit in 0..<16 {
        let flag: UInt16 = 1 << bit
        let isFUA = flag == NBD.CommandFlag.fua
        let isDF = isStructured && flag == NBD.CommandFlag.df
        let isOne = isStructured && flag == NBD.CommandFlag.reqOne
        #expect(try error(client, 0, flags: flag) == (isFUA || isDF ? nil : 22), "\(bit)")
        #expect(try error(client, 3, flags: flag) == (isFUA ? nil : 22), "\(bit)")
        #expect(try error(client, 5, flags: flag) == (isFUA ? nil : 22), "\(bit)")
        let canSucceed = isStructured && (isFUA || isOne)
        #expect(try error(client, 7, flags: flag) == (canSucceed ? nil : 22), "\(bit)")
      }
    }

    @Test("A1: block status needs a selected context")
    func noContext() throws {
      let server = try RunningServer(Disk(Self.bytes))
      for isStructured in [false, true] {
        let client = try server.negotiating()
        if isStructured { try client.negotiateStructuredReplies() }
        try client.go()
        #expect(try error(client, NBD.Command.blockStatus, length: 200) == 22)
        #expect(try error(client, NBD.Command.blockStatus, flags: 8, length: 200) == 22)
      }
    }

    @Test("Q2: what is no request ends the connection, and nothing else", arguments: 0..<4)
    func wrongMagic(byte: Int) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.connect(structured: false)
      let good = NBDTestClient.Request(type: 0, cookie: 4, length: 200).bytes
      var bad = good
      bad[byte] ^= 0x10
      try client.send(good + bad + good)
      #expect(try client.receiveUntilEOF().dropFirst(16) == Self.bytes[...])
      try server.checkService()
    }
  }
}
