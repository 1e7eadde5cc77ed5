import Foundation
import TestSupport
import Testing

/// The ends of connections under TLS, as Python's OpenSSL sees them.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct TLSEndingTests {
  /// A client that has all the messages in its hands.
  private static let client = """
    import os, signal, socket, ssl, struct, sys, time

    class Plain:
        def __init__(self, path):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(20)
            self.socket.connect(path)
            self.exactly(18)
            self.send(struct.pack(">I", 3))
        def send(self, data): self.socket.sendall(data)
        def receive(self, count): return self.socket.recv(count)
        def exactly(self, count):
            data = b""
            while len(data) < count:
                piece = self.receive(count - len(data))
                assert piece, "the end comes too early"
                data += piece
            return data
        def option(self, code, data=b""):
            self.send(struct.pack(">QII", 0x49484156454F5054, code, len(data)) + data)
            replies = []
            while not replies or replies[-1][0] in (2, 3, 4):
                _, option, kind, count = struct.unpack(">QIII", self.exactly(20))
                assert option == code, option
                replies.append((kind, self.exactly(count)))
            return replies
        def go(self):
            replies = self.option(7, struct.pack(">IH", 0, 0))
            assert replies[-1][0] == 1, replies
            return struct.unpack(">HQH", replies[0][1])
        def request(self, kind, offset=0, length=0, cookie=0):
            self.send(struct.pack(">IHHQQI", 0x25609513, 0, kind, cookie, offset, length))

    class Encrypted(Plain):
        # Not a socket that is wrapped: each record, and each half's end, is to be seen.
        def __init__(self, plain, authority, highest=None):
            assert plain.option(5) == [(1, b"")]
            self.socket = plain.socket
            context = ssl.create_default_context(cafile=authority)
            if highest:
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = highest
            self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.input, self.output, server_hostname="localhost")
            self.drive(self.tls.do_handshake)
        def flush(self):
            data = self.output.read()
            if data: self.socket.sendall(data)
        def drive(self, step, *arguments):
            while True:
                try:
                    result = step(*arguments)
                    self.flush()
                    return result
                except ssl.SSLWantReadError:
                    self.flush()
                    data = self.socket.recv(1 << 16)
                    if data: self.input.write(data)
                    else: self.input.write_eof()
        def send(self, data): self.drive(self.tls.write, data)
        def receive(self, count):
            # An end without a farewell is another error.
            try: return self.drive(self.tls.read, count)
            except ssl.SSLZeroReturnError: return b""
        def farewell(self):
            try: self.tls.unwrap()
            except ssl.SSLWantReadError: pass
            self.flush()

    path, authority, process = sys.argv[1], sys.argv[2], int(sys.argv[3])
    def plain(): return Plain(path)
    def encrypted(): return Encrypted(plain(), authority)

    """

  /// Runs lines of a client against a server of 8 MiB of 0x55.
  private static func run(_ lines: String, isStoppedByClient: Bool = false) throws {
    let words = ["data", "0x55*8M"]
    let server = try TLSServer(.certificates, requiresTLS: false, words: words)
    let socket = try #require(server.process.socket)
    let authority = try TestCredentials.shared()(.client) + "/ca-cert.pem"
    let process = "\(server.process.running.process)"
    try Program("python3").succeed(["-c", client + lines, socket, authority, process])
    #expect(try isStoppedByClient ? server.process.running.outcome(within: 5).status == 0 : true)
    if !isStoppedByClient { #expect(try server.process.stop() == 0) }
  }

  @Test("T10: TLS ends before the connection does, after ABORT and after DISC")
  func farewell() throws {
    try Self.run(
      """
      client = encrypted()
      assert client.option(2) == [(1, b"")]
      assert client.receive(1) == b""
      client = encrypted()
      client.go()
      client.request(2)
      assert client.receive(1) == b""
      # The socket closes when the client says farewell, too, or soon.
      client.farewell()
      assert client.socket.recv(1) == b""
      client = encrypted()
      client.go()
      client.request(2)
      assert client.receive(1) == b""
      assert client.socket.recv(1) == b""
      """
    )
  }

  @Test("D2, D3: replies reach a client that ends its half, with a farewell and without")
  func halfClosed() throws {
    try Self.run(
      """
      for says_farewell in (True, False):
          for disconnects in (True, False):
              client = encrypted()
              client.go()
              for cookie in range(40): client.request(0, cookie, 1 << 20, cookie)
              if disconnects: client.request(2)
              if says_farewell: client.farewell()
              client.socket.shutdown(socket.SHUT_WR)
              time.sleep(0.2)
              seen = set()
              for _ in range(40):
                  magic, error, cookie = struct.unpack(">IIQ", client.exactly(16))
                  assert (magic, error) == (0x67446698, 0)
                  assert client.exactly(1 << 20) == b"\\x55" * (1 << 20)
                  seen.add(cookie)
              assert len(seen) == 40
              assert client.receive(1) == b""
              assert client.socket.recv(1) == b""
      """
    )
  }

  @Test("D5: a server that ends says farewell, and does not wait for one")
  func shutdown() throws {
    try Self.run(
      """
      idle, unread, negotiating = encrypted(), encrypted(), encrypted()
      silent, handshaking = plain(), plain()
      assert handshaking.option(5) == [(1, b"")]
      idle.go()
      unread.go()
      # The replies are more than sockets take.
      for cookie in range(10): unread.request(0, 0, 8 << 20, cookie)
      time.sleep(0.2)
      os.kill(process, signal.SIGTERM)
      assert idle.receive(1) == b""
      assert negotiating.receive(1) == b""
      for client in (idle, negotiating, silent, handshaking):
          assert client.socket.recv(1) == b""
      """,
      isStoppedByClient: true
    )
  }

  @Test("T6, T7: what was agreed on in the clear is forgotten, and TLS starts once")
  func forgotten() throws {
    try Self.run(
      """
      for agreed in (8, 11):
          client = plain()
          assert client.option(agreed) == [(1, b"")]
          queries = struct.pack(">III", 0, 1, 15) + b"base:allocation"
          assert [kind for kind, _ in client.option(10, queries)] == [4, 1]
          client = Encrypted(client, authority)
          for data in (b"", b"x"): assert client.option(5, data)[0][0] == 0x80000003
          # Contexts need structured replies, of which nothing is known now.
          assert client.option(10, queries)[0][0] == 0x80000003
          for code in (3, 6, 8, 9, 99): assert client.option(code, b"x")[-1][0] != 0x80000005
          kind, size, flags = client.go()
          assert (kind, size) == (0, 8 << 20) and not flags & 1 << 7, flags
          client.request(0, 0, 1)
          assert client.exactly(17) == struct.pack(">IIQ", 0x67446698, 0, 0) + b"\\x55"
          # Nor does agreeing on it again bring the contexts back.
          client = plain()
          assert client.option(agreed) == [(1, b"")]
          assert [kind for kind, _ in client.option(10, queries)] == [4, 1]
          client = Encrypted(client, authority)
          assert client.option(8) == [(1, b"")]
          client.go()
          client.request(7, 0, 512, 5)
          head = client.exactly(20)
          assert struct.unpack(">IHHQ", head[:16]) == (0x668e33ef, 1, 0x8001, 5), head
          assert struct.unpack(">I", client.exactly(4)) == (22,)
      """
    )
  }

  @Test("T11, W2: the data of refused writes is skipped under TLS, too")
  func refusedWrites() throws {
    try Self.run(
      """
      client = encrypted()
      client.go()
      # The data looks like requests to leave, some of it cut.
      leave = struct.pack(">IHHQQI", 0x25609513, 0, 2, 0, 0, 0)
      for number, count in enumerate((1, 27, 28, 29, 16383, 16384, 16385, 5000000)):
          data = (leave * (count // 28 + 1))[:count]
          head = struct.pack(">IHHQQI", 0x25609513, 0, 1, number, 0, count)
          # Together, and as records of their own.
          if number % 2: client.send(head + data)
          else:
              client.send(head)
              client.send(data)
          assert client.exactly(16) == struct.pack(">IIQ", 0x67446698, 1, number)
          client.request(0, count % 512, 3, 1000 + number)
          expected = struct.pack(">IIQ", 0x67446698, 0, 1000 + number) + b"\\x55" * 3
          assert client.exactly(19) == expected
      client.request(2)
      assert client.receive(1) == b""
      """
    )
  }

  @Test("T5: TLS 1.2 will do, and older versions will not")
  func versions() throws {
    try Self.run(
      """
      client = Encrypted(plain(), authority, ssl.TLSVersion.TLSv1_2)
      assert client.tls.version() == "TLSv1.2"
      assert "ECDHE" in client.tls.cipher()[0], client.tls.cipher()
      client.go()
      for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
          try:
              Encrypted(plain(), authority, version)
              raise AssertionError(version)
          except ssl.SSLError as error:
              pass
      """
    )
  }
}
