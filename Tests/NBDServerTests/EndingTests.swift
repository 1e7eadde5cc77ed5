import DiskModel
import Foundation
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// How connections end.
  struct EndingTests {
    private static let bytes = PatternSource.bytes(0..<1 << 20)

    @Test("D1: DISC is not answered, nor is anything behind it", arguments: [false, true])
    func disconnect(isTCP: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes), isTCP: isTCP)
      let client = try server.connect()
      try client.disconnect()
      #expect(try client.receiveUntilEOF() == [])
      let other = try server.connect()
      let goodbye = NBDTestClient.Request(type: NBD.Command.disconnect, cookie: 1)
      let flush = NBDTestClient.Request(type: NBD.Command.flush, cookie: 2)
      try other.send(goodbye.bytes + flush.bytes)
      #expect(try other.receiveUntilEOF() == [])
    }

    @Test(
      "D2: what was asked before DISC is answered before the end, however slowly it is read",
      arguments: [false, true],
      [false, true]
    )
    func outstanding(isStructured: Bool, isSlow: Bool) throws {
      let server = try RunningServer(.of(Self.bytes, isSlow: isSlow))
      let client = try server.connect(structured: isStructured)
      var requests = (0..<64 as Range<UInt64>).map {
        let offset = $0 << 12
        return NBDTestClient.Request(
          type: NBD.Command.read,
          cookie: $0 + 1,
          offset: offset,
          length: 1 << 16
        )
      }
      requests.append(NBDTestClient.Request(type: NBD.Command.disconnect, cookie: 0))
      try client.send(requests)
      // The server comes to the end of its work while replies wait to be read.
      Thread.sleep(forTimeInterval: 0.3)
      let results = try client.collect(1...64)
      for (cookie, result) in results {
        let offset = Int(cookie - 1) << 12
        #expect(result.bytes == Array(Self.bytes[offset..<offset + 1 << 16]))
      }
      #expect(try client.isAtEOF(within: 10))
    }

    @Test(
      "D2: replies reach a client that closes its half after DISC, as libnbd does",
      arguments: [false, true]
    )
    func halfClosed(isTCP: Bool) throws {
      for (isStructured, isSlow) in [(false, false), (false, true), (true, false), (true, true)] {
        let server = try RunningServer(.of(Self.bytes, isSlow: isSlow), isTCP: isTCP)
        let client = try server.connect(structured: isStructured)
        let lengths: [UInt32] = [1000, 300_000, 65536, 1 << 20, 5]
        let cookies = try lengths.map { try client.sendRequest(type: 0, length: UInt64($0)) }
        try client.disconnect()
        try client.endSending()
        let results = try client.collect(cookies)
        for (cookie, length) in zip(cookies, lengths) {
          #expect(results[cookie]?.bytes == Array(Self.bytes[..<Int(length)]))
        }
        #expect(try client.isAtEOF(within: 10))
      }
    }

    @Test("D2: a long read before DISC is answered to its end", arguments: [false, true])
    func longRead(isStructured: Bool) throws {
      let server = try RunningServer(Disk(Self.bytes))
      let client = try server.connect(structured: isStructured)
      let cookie = try client.sendRequest(type: NBD.Command.read, length: UInt64(Self.bytes.count))
      try client.disconnect()
      Thread.sleep(forTimeInterval: 0.2)
      let result = try client.collect([cookie])[cookie]
      #expect(result?.bytes == Self.bytes)
      #expect(try client.isAtEOF(within: 10))
    }

    @Test("D3: the end of the stream ends the connection, in each phase")
    func endOfStream() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let fresh = try NBDTestClient(unixPath: server.path)
      try fresh.readGreeting()
      try fresh.endSending()
      #expect(try fresh.isAtEOF(within: 10))
      let negotiating = try server.negotiating()
      try negotiating.send(NBDTestClient.optionBytes(3).dropLast())
      try negotiating.endSending()
      #expect(try negotiating.isAtEOF(within: 10))
      let connected = try server.connect()
      let request = NBDTestClient.Request(type: NBD.Command.flush, cookie: 1)
      try connected.send(request.bytes.dropLast())
      try connected.endSending()
      #expect(try connected.isAtEOF(within: 10))
      #expect(try holdsSoon { try ProcessUsage.socketCount(boundTo: server.path) == 1 })
    }

    @Test("D3: all that came before the end of the stream is answered", arguments: [false, true])
    func lastOptions(isTransmitting: Bool) throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let client = try server.negotiating()
      // The replies are more than the socket takes while nobody reads them.
      let count = 7000
      let option = NBDTestClient.optionBytes(NBD.Option.list)
      var bytes = (0..<count).flatMap { _ in option }
      if isTransmitting {
        bytes += NBDTestClient.optionBytes(7, data: NBDTestClient.infoData(name: []))
        bytes += NBDTestClient.Request(type: NBD.Command.flush, cookie: 5).bytes
      }
      try client.send(bytes)
      try client.endSending()
      for _ in 0..<count {
        try #require(try client.readOptionReplies(to: NBD.Option.list).count == 2)
      }
      if isTransmitting {
        #expect(try client.readOptionReplies(to: NBD.Option.go).last?.isError == false)
        #expect(try client.receive(16).u64(at: 8) == 5)
      }
      #expect(try client.isAtEOF(within: 10))
    }

    @Test("D3: silence does not end a connection")
    func silence() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let clients = [try server.negotiating(), try server.connect()]
      for client in clients { #expect(try client.isSilent(for: 1)) }
      try clients[0].go()
      #expect(try clients[1].read(offset: 0, length: 3).bytes == [1, 2, 3])
    }

    @Test("D6, V7: errors do not end a connection")
    func errors() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      for isStructured in [false, true] {
        let client = try server.connect(structured: isStructured)
        var errors: Set<UInt32> = []
        for type in 0..<12 as Range<UInt16> where type != NBD.Command.disconnect {
          for flags in [0, 1, 2, 4, 8, 16, 32, 0x8000, .max] as [UInt16] {
            for offset in [0, 3, 4, 1 << 63, .max] as [UInt64] {
              let payload: [UInt8] = type == NBD.Command.write ? [7] : []
              let cookie = try client.sendRequest(
                type: type,
                flags: flags,
                offset: offset,
                length: 1,
                payload: payload
              )
              if let error = try client.collect([cookie])[cookie]?.error {
                errors.insert(error.code)
              }
            }
          }
        }
        #expect(errors == [NBD.ErrorNumber.eperm, NBD.ErrorNumber.einval])
        #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
      }
    }

    @Test("E11, D1, D2: DISC works with extended headers, too", arguments: [false, true])
    func extended(isSlow: Bool) throws {
      let server = try RunningServer(.of(Self.bytes, isSlow: isSlow))
      let client = try server.negotiating()
      try client.negotiateExtendedHeaders()
      try client.go()
      var requests = (0..<20 as Range<UInt64>).map {
        NBDTestClient.Request(type: 0, cookie: $0 + 1, offset: $0, length: 300_000)
      }
      requests.append(NBDTestClient.Request(type: NBD.Command.disconnect, cookie: 0))
      try client.send(requests)
      var late = NBDTestClient.Request(type: NBD.Command.flush, cookie: 99)
      late.isExtended = true
      // The server may be gone by then.
      try? client.send(late.bytes)
      for (cookie, result) in try client.collect(1...20) {
        let start = Int(cookie) - 1
        #expect(result.bytes == Array(Self.bytes[start..<start + 300_000]))
      }
      #expect(try client.isAtEOF(within: 10))
    }
  }
}
