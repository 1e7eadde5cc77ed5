import DiskModel
import NBDServer
import TestSupport
import Testing

extension ServerTests {
  /// Simple replies, byte by byte.
  struct SimpleReplyTests {
    private static func reply(
      _ cookie: UInt64,
      error: UInt32 = 0,
      data: [UInt8] = []
    ) -> [UInt8] {
      var bytes: [UInt8] = []
      bytes.append(u32: NBD.Magic.simpleReply)
      bytes.append(u32: error)
      bytes.append(u64: cookie)
      return bytes + data
    }

    @Test("R1, R3, R5, R7: a simple reply has 16 bytes, and data only after a READ that succeeds")
    func simpleReplies() throws {
      var disk = Disk([1, 2, 3])
      let broken = BrokenSource(0..<10, isSlow: false)
      try disk.append(.source(broken, offset: 0), count: 10)
      let server = try RunningServer(disk)
      let client = try server.connect(structured: false)
      let (einval, eperm) = (NBD.ErrorNumber.einval, NBD.ErrorNumber.eperm)
      typealias Request = NBDTestClient.Request
      let exchanges: [(Request, UInt32, [UInt8])] = [
        (Request(type: NBD.Command.read, cookie: 1, length: 3), 0, [1, 2, 3]),
        (Request(type: NBD.Command.flush, cookie: 2), 0, []),
        (Request(type: NBD.Command.cache, cookie: 3, length: 3), 0, []),
        (Request(type: NBD.Command.read, cookie: 4, offset: 12, length: 2), einval, []),
        (Request(type: NBD.Command.read, flags: 1 << 15, cookie: 5, length: 3), einval, []),
        (Request(type: NBD.Command.read, cookie: 6, length: 5), NBD.ErrorNumber.eio, []),
        (Request(type: NBD.Command.blockStatus, cookie: 7, length: 3), einval, []),
        (Request(type: NBD.Command.write, cookie: 8, length: 2, payload: [9, 9]), eperm, []),
        (Request(type: NBD.Command.trim, cookie: 9, length: 2), eperm, []),
        (Request(type: 99, cookie: 10, length: 2), einval, []),
        (Request(type: NBD.Command.read, cookie: .max, offset: 2, length: 1), 0, [3]),
      ]
      for (request, error, data) in exchanges {
        try client.send(request.bytes)
        let expected = Self.reply(request.cookie, error: error, data: data)
        #expect(try client.receive(expected.count) == expected, "\(request)")
        #expect(try client.isSilent(for: 0.05), "\(request)")
      }
    }
  }
}
