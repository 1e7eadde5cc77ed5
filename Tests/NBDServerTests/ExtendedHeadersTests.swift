import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Requests and replies with headers of 32 bytes.
  struct ExtendedHeadersTests {
    private func connect(
      _ server: RunningServer,
      contexts: [String] = ["base:allocation"]
    ) throws -> NBDTestClient {
      let client = try server.negotiating()
      try client.negotiateExtendedHeaders()
      if !contexts.isEmpty { try client.setMetaContexts(name: "disk", contexts) }
      try client.go(name: "disk")
      return client
    }

    @Test(
      "E4, E5, E6, F4: reads of any length and place are right",
      arguments: 0..<4 as Range<UInt64>
    )
    func reads(seed: UInt64) throws {
      var random = SeededGenerator(seed: seed)
      let known = try KnownDisk.random(size: 50_000, piece: 9000, using: &random)
      let server = try RunningServer(known.disk)
      let client = try connect(server)
      let flag = NBD.TransmissionFlag.blockStatusPayload
      #expect(
        client.export?.has(flag) == true && client.export?.has(NBD.TransmissionFlag.sendDF) == true
      )
      for _ in 0..<60 {
        let start = Int.random(in: 0..<known.bytes.count, using: &random)
        let end = Int.random(in: start + 1...known.bytes.count, using: &random)
        let flags: UInt16 = Bool.random(using: &random) ? NBD.CommandFlag.df : 0
        let read = try client.read(offset: UInt64(start), length: UInt32(end - start), flags: flags)
        #expect(read.bytes == Array(known.bytes[start..<end]), "\(start)..<\(end), seed \(seed)")
      }
      for command in [NBD.Command.flush, NBD.Command.cache] {
        let length: UInt64 = command == NBD.Command.cache ? 1 : 0
        try client.perform(command, length: length)
      }
      try client.disconnect()
      #expect(try client.isAtEOF(within: 10))
    }

    @Test("E8: one request maps a disk of 2^63 - 1 bytes")
    func largestMap() throws {
      var disk = Disk([1])
      try disk.pad(to: 1 << 60)
      try disk.append([2])
      try disk.pad(to: .max)
      let server = try RunningServer(disk)
      let client = try connect(server)
      let status = try client.blockStatus(offset: 0, length: UInt64(Int.max))
      #expect(
        status[1] == [
          .init(length: 512, flags: 0),
          .init(length: (1 << 60) - 512, flags: 3),
          .init(length: 512, flags: 0),
          .init(length: UInt64(Int.max) - (1 << 60) - 512, flags: 3),
        ]
      )
      let one = try client.blockStatus(
        offset: 512,
        length: UInt64(1 << 50),
        flags: NBD.CommandFlag.reqOne
      )
      #expect(one[1] == [.init(length: 1 << 50, flags: 3)])
      let large = try client.perform(NBD.Command.cache, length: UInt64(Int.max))
      #expect(large.error == nil)
    }

    @Test("E7, C2: what is too long or outside is refused, and the connection goes on")
    func refusals() throws {
      let server = try RunningServer(Disk(zeros: .hole, size: .max))
      let client = try connect(server)
      func error(
        _ command: UInt16,
        offset: UInt64 = 0,
        _ length: UInt64,
        flags: UInt16 = 0
      ) -> UInt32? {
        do {
          try client.perform(command, flags: flags, offset: offset, length: length)
          return nil
        } catch {
          return (error as? RequestFailed)?.code
        }
      }
      #expect(error(NBD.Command.read, 1 << 32) == NBD.ErrorNumber.eoverflow)
      #expect(error(NBD.Command.read, .max) == NBD.ErrorNumber.einval)
      #expect(error(NBD.Command.read, offset: .max, .max) == NBD.ErrorNumber.einval)
      #expect(error(NBD.Command.blockStatus, offset: 1, UInt64(Int.max)) == NBD.ErrorNumber.einval)
      #expect(error(NBD.Command.trim, 1 << 40) == NBD.ErrorNumber.eperm)
      #expect(error(NBD.Command.writeZeroes, 1 << 40) == NBD.ErrorNumber.eperm)
      #expect(error(NBD.Command.resize, 1 << 40) == NBD.ErrorNumber.einval)
      let df = NBD.CommandFlag.df
      #expect(error(NBD.Command.read, 1 << 27, flags: df) == NBD.ErrorNumber.eoverflow)
      #expect(try client.read(offset: 1 << 62, length: 3).bytes == [0, 0, 0])
    }

    @Test("E9: what follows a request is read, whatever the request is")
    func payloads() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let client = try connect(server)
      let flag = NBD.CommandFlag.payloadLength
      for (command, code) in [
        (NBD.Command.write, NBD.ErrorNumber.eperm), (NBD.Command.read, NBD.ErrorNumber.einval),
        (NBD.Command.trim, NBD.ErrorNumber.eperm), (NBD.Command.flush, NBD.ErrorNumber.einval),
        (NBD.Command.cache, NBD.ErrorNumber.einval), (100, NBD.ErrorNumber.einval),
        (NBD.Command.blockStatus, NBD.ErrorNumber.einval),
      ] {
        let payload = [UInt8](repeating: 0x21, count: 3000)
        let error = #expect(throws: RequestFailed.self) {
          try client.perform(command, flags: flag, length: 3000, payload: payload)
        }
        #expect(error?.code == code, "command \(command)")
        #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
      }
      // A write that announces nothing has nothing behind it.
      #expect(throws: RequestFailed.self) {
        try client.perform(NBD.Command.write, length: 5)
      }
      #expect(try client.read(offset: 0, length: 3).bytes == [1, 2, 3])
      // More than the maximum payload ends the connection.
      try client.send([
        .init(type: NBD.Command.write, flags: flag, cookie: 9, length: (1 << 26) + 1)
      ])
      #expect(try client.receiveUntilEOF() == [])
      try server.checkService()
    }

    @Test("E10: block status can be asked for by contexts")
    func filteredBlockStatus() throws {
      let server = try RunningServer(Disk(zeros: .hole, size: 1 << 40))
      let client = try connect(server)
      let flag = NBD.CommandFlag.payloadLength
      func status(_ payload: [UInt8]) throws -> [UInt32: [NBDTestClient.Extent]] {
        try client.perform(
          NBD.Command.blockStatus,
          flags: flag,
          length: UInt64(payload.count),
          payload: payload
        ).extents
      }
      func payload(_ length: UInt64, _ contexts: UInt32...) -> [UInt8] {
        let fields = [(length, 8)] + contexts.map { (UInt64($0), 4) }
        return fields.flatMap { value, size in
          (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * (size - 1 - $0))) }
        }
      }
      #expect(try status(payload(1 << 40, 1)) == [1: [.init(length: 1 << 40, flags: 3)]])
      for wrong in [
        payload(5, 1, 1), payload(5, 2), payload(5), payload((1 << 40) + 1, 1), [1, 2],
      ] {
        let error = #expect(throws: RequestFailed.self) { try status(wrong) }
        #expect(error?.code == NBD.ErrorNumber.einval)
      }
      #expect(try status(payload(512, 1))[1]?.first?.flags == 3)
    }

    @Test("E1-E5: it can be negotiated in any order, and is not mixed with compact headers")
    func negotiation() throws {
      let server = try RunningServer(Disk([1, 2, 3]))
      let client = try server.negotiating()
      try client.negotiateStructuredReplies()
      try client.negotiateExtendedHeaders()
      try client.negotiateExtendedHeaders()
      let refused = try client.option(NBD.Option.structuredReply)
      #expect(refused.map(\.type) == [NBD.OptionReplyType.extendedHeadersRequired])
      let data = try client.option(NBD.Option.extendedHeaders, [1])
      #expect(data.map(\.type) == [NBD.OptionReplyType.invalid])
      try client.go()
      // Without a context there is nothing to ask for by payload.
      #expect(client.export?.has(NBD.TransmissionFlag.blockStatusPayload) == false)
      #expect(try client.read(offset: 1, length: 1).bytes == [2])
      // A compact request is none.
      try client.send(NBDTestClient.Request(type: 3, cookie: 1).bytes + [0, 0, 0, 0])
      #expect(try client.receiveUntilEOF() == [])

      let old = try server.negotiating()
      try old.negotiateExtendedHeaders()
      #expect(throws: ConnectionFailure.self) { try old.exportName("disk") }
    }

    @Test("E6: a long read is chunks that all have the request's offset")
    func longRead() throws {
      var disk = Disk()
      try disk.append(.source(PatternSource(), offset: 0), count: 5 << 20)
      let server = try RunningServer(disk)
      let client = try connect(server)
      let bytes = try client.read(offset: 77, length: 4 << 20).bytes
      #expect(bytes == PatternSource.bytes(77..<77 + (4 << 20)))
    }
  }
}
