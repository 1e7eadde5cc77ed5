import DiskModel
import Foundation
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Reads that are answered in pieces, and out of order.
  struct LongReadTests {
    private static let bytes = PatternSource.bytes(0..<3_000_000)

    @Test(
      "C1, C5, F5: long reads return the disk's bytes, in one chunk if it has to be",
      arguments: [false, true],
      [false, true]
    )
    func longReads(isStructured: Bool, isSlow: Bool) throws {
      let server = try RunningServer(.of(Self.bytes, isSlow: isSlow))
      let client = try server.connect(structured: isStructured)
      let limit = 1 << 17
      for count in [limit - 1, limit, limit + 1, 2 * limit, 5 * limit + 1, Self.bytes.count] {
        for offset in [0, 1, 4095, Self.bytes.count - count] where offset + count <= 3_000_000 {
          for flags in isStructured ? [0, NBD.CommandFlag.df] : [0] {
            let result = try client.read(
              offset: UInt64(offset),
              length: UInt32(count),
              flags: flags
            )
            #expect(result.bytes == Array(Self.bytes[offset..<offset + count]))
            if flags != 0 { #expect(result.chunks.count == 1) }
          }
        }
      }
    }

    @Test("C5, C6, V7, Z4, Z9: 64 MiB can be read in one piece, and more in several")
    func largestPayload() throws {
      let mebibyte = 1 << 20
      let unit = Disk(Self.bytes)
      var disk = Disk()
      try disk.append(.repeating(unit, phase: 0), count: 65 * mebibyte)
      let server = try RunningServer(disk)
      let expected = try disk.bytes(0..<64 * mebibyte)
      let simple = try server.connect(structured: false)
      let structured = try server.connect()
      let length = UInt32(64 * mebibyte)
      #expect(try simple.read(offset: 0, length: length).bytes == expected)
      #expect(try structured.read(offset: 0, length: length).bytes == expected)
      let whole = try structured.read(offset: 0, length: length, flags: NBD.CommandFlag.df)
      #expect(whole.bytes == expected && whole.chunks.count == 1)
      // Longer ones: split, or refused.
      #expect(try structured.read(offset: 5, length: length + 1).bytes.count == 64 * mebibyte + 1)
      let overflow = #expect(throws: RequestFailed.self) {
        try structured.read(offset: 0, length: length + 1, flags: NBD.CommandFlag.df)
      }
      #expect(overflow?.code == NBD.ErrorNumber.eoverflow)
      let failure = #expect(throws: RequestFailed.self) {
        try simple.read(offset: 0, length: length + 1)
      }
      #expect([NBD.ErrorNumber.einval, NBD.ErrorNumber.eoverflow].contains(failure?.code ?? 0))
    }

    @Test("C6: a hole of 2^32 - 1 bytes can be read")
    func longestRead() throws {
      let server = try RunningServer(Disk(zeros: .hole, size: 1 << 33))
      let client = try server.connect()
      let head = NBDTestClient.Request(type: 0, cookie: 1, offset: 1, length: .max)
      try client.send(head.bytes)
      var end = 1
      var isLast = false
      while !isLast {
        let chunk = try client.receive(20)
        isLast = try chunk.u16(at: 4) == 1
        let payload = try client.receive(Int(try chunk.u32(at: 16)))
        guard !payload.isEmpty else { continue }
        try #require(try chunk.u16(at: 6) == NBD.ChunkType.offsetHole)
        try #require(try payload.u64(at: 0) == UInt64(end))
        end += Int(try payload.u32(at: 8))
      }
      #expect(end == 1 << 32)
    }

    @Test("N2, R2: many long reads at once are answered", arguments: [false, true], [false, true])
    func manyLongReads(isStructured: Bool, isSlow: Bool) throws {
      let server = try RunningServer(.of(Self.bytes, isSlow: isSlow))
      let client = try server.connect(structured: isStructured)
      let requests = (0..<60 as Range<UInt64>).map { cookie in
        NBDTestClient.Request(
          type: 0,
          flags: isStructured && cookie % 3 == 0 ? NBD.CommandFlag.df : 0,
          cookie: cookie,
          offset: cookie * 1001,
          length: cookie % 4 == 3 ? 100 : 1_000_000
        )
      }
      try client.send(requests)
      for (cookie, result) in try client.collect(0..<60) {
        let start = Int(cookie) * 1001
        #expect(result.bytes == Array(Self.bytes[start..<start + Int(result.request.length)]))
      }
    }

    @Test(
      "R2: requests that need not wait overtake one that does",
      arguments: [false, true],
      [1, 1 << 17]
    )
    func overtaking(isStructured: Bool, length: UInt32) throws {
      let source = GatedSource()
      defer { source.open() }
      var disk = try Disk.of(source, size: 1 << 17)
      try disk.append([1, 2, 3])
      let server = try RunningServer(disk)
      let client = try server.connect(structured: isStructured)
      let waiting = try client.sendRequest(type: 0, length: UInt64(length))
      #expect(source.isReached())
      #expect(try client.read(offset: 1 << 17, length: 3).bytes == [1, 2, 3])
      try client.perform(NBD.Command.flush)
      #expect(throws: RequestFailed.self) { try client.read(offset: 1 << 18, length: 1) }
      if isStructured { #expect(try client.blockStatus(offset: 0, length: 1).count == 1) }
      try server.checkService()
      source.open()
      let result = try client.collect([waiting])[waiting]
      #expect(result?.bytes == PatternSource.bytes(0..<Int(length)))
    }

    @Test("R2, R4: a long read in chunks lets others overtake it")
    func overtakingALongRead() throws {
      let source = GatedSource()
      defer { source.open() }
      var disk = try Disk.of(source, size: 1 << 20)
      try disk.append([1, 2, 3])
      let server = try RunningServer(disk)
      let client = try server.connect()
      let waiting = try client.sendRequest(type: 0, length: 1 << 20 + 3)
      #expect(source.isReached(by: 2))
      #expect(try client.read(offset: 1 << 20, length: 3).bytes == [1, 2, 3])
      source.open()
      let result = try client.collect([waiting])[waiting]
      #expect(result?.bytes == PatternSource.bytes(0..<1 << 20) + [1, 2, 3])
    }

    @Test("R1: nothing comes between the parts of a reply in one piece", arguments: [false, true])
    func contiguousReplies(isStructured: Bool) throws {
      let source = GatedSource()
      defer { source.open() }
      var disk = try Disk.of(source, size: 100)
      try disk.append(.source(SlowBytes(Self.bytes), offset: 0), count: 1_000_000)
      let server = try RunningServer(disk)
      let client = try server.connect(structured: isStructured)
      let df = isStructured ? NBD.CommandFlag.df : 0
      var requests = (0..<20 as Range<UInt64>).map {
        NBDTestClient.Request(type: 0, cookie: $0, length: 100)
      }
      requests.append(.init(type: 0, flags: df, cookie: 20, offset: 100, length: 900_000))
      requests.append(.init(type: NBD.Command.flush, cookie: 21))
      try client.send(requests)
      #expect(source.isReached(by: 8))
      source.open()
      let results = try client.collect(0..<22)
      #expect(results[20]?.bytes == Array(Self.bytes[..<900_000]))
      for cookie in 0..<20 as Range<UInt64> {
        #expect(results[cookie]?.bytes == PatternSource.bytes(0..<100))
      }
    }
  }
}
