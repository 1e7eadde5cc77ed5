import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// The memory that all clients together may take.
  struct BufferTests {
    @Test("Clients that do not read are cut off when they hold too much, longest first")
    func stuckClients() throws {
      var limits = ServerLimits()
      // Of each client at most 64 KiB wait, as its bytes stay where they are.
      limits.bufferSize = 1 << 19
      let bytes = [UInt8](repeating: 1, count: 1 << 24)
      let server = try RunningServer(Disk(bytes), limits: limits)
      var stuck: [NBDTestClient] = []
      for _ in 0..<64 {
        let client = try server.connect(structured: false)
        try client.sendRequest(type: NBD.Command.read, length: 1 << 24)
        // It has begun to answer; what it cannot send waits.
        #expect(try !client.isSilent(for: 5))
        stuck.append(client)
      }
      #expect(holdsSoon { server.server.metrics.ends[.bufferMemory] > 30 })
      #expect(holdsSoon { server.server.metrics.bufferedSize <= 1 << 19 })
      #expect(server.log.notices.contains { $0.contains("does not read its replies") })
      // Others are not hurt: neither those that come now, nor the last of them.
      let client = try server.connect()
      #expect(try client.read(offset: 0, length: 1 << 24).bytes == bytes)
      let last = try #require(stuck.last)
      #expect(try last.receive(16 + 1 << 24).count == 16 + 1 << 24)
      // The first one gets what was on its way, and then nothing.
      #expect(try stuck[0].receiveUntilEOF().count < 16 + 1 << 24)
      for client in stuck { client.close() }
      #expect(holdsSoon { server.server.metrics.bufferedSize == 0 })
    }

    @Test("Reads from storage take turns when all of them together take too much")
    func storage() throws {
      var limits = ServerLimits()
      limits.bufferSize = 1 << 18
      let size = 1 << 22
      let server = try RunningServer(
        .of(PatternSource.bytes(0..<size), isSlow: true),
        limits: limits
      )
      let requests = (0..<8 as Range<UInt64>).map {
        NBDTestClient.Request(type: 0, cookie: $0, offset: $0 << 17, length: 1 << 17)
      }
      let readers = (0..<20).map { _ in
        Background {
          do {
            let client = try server.connect()
            try client.send(requests)
            let replies = try client.collect(requests.map(\.cookie))
            for request in requests {
              let offset = Int(request.offset)
              let expected = PatternSource.bytes(offset..<offset + 1 << 17)
              #expect(replies[request.cookie]?.bytes == expected)
            }
          } catch {
            Issue.record("\(error)")
          }
        }
      }
      for reader in readers { #expect(reader.isDone(within: 60)) }
      #expect(holdsSoon { server.server.metrics.bufferedSize == 0 })
      #expect(server.server.metrics.ends.total == 0)
    }
  }
}
