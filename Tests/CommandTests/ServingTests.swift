import Foundation
import TestSupport
import Testing

/// The command in the foreground, until a signal ends it.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct ServingTests {
  @Test("One line says what is served, and how to use it")
  func announcement() throws {
    let scene = try Scene()
    let words = ["-U", scene("socket"), "linuxdisk", "tree", "type=ext3", "label=x", "size=8M"]
    let running = try scene.nbdgen().start(words)
    let line = try running.errorLine(within: 30) { _ in true }
    let uri = "nbd+unix:///?socket=\(scene("socket"))"
    for part in ["nbdgen: ext3", "\"x\"", "1 file", "9 MiB", uri, "-drive file="] {
      #expect(line.contains(part), "\(part) in \(line)")
    }
    try Program("nbdinfo").succeed(["--size", uri])
    running.send(SIGTERM)
    let outcome = try running.outcome(within: 5)
    #expect(outcome.status == 0)
    #expect(outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome)")
    #expect(try scene.leftovers() == [])
  }

  @Test("Port 0 is a free one, which is told")
  func freePort() throws {
    let scene = try Scene()
    let servers = try (0..<3).map { _ in
      try NbdgenProcess(["linuxdisk", scene("tree")], over: .tcp)
    }
    let ports = try servers.map { try #require(URL(string: $0.uri)?.port) }
    #expect(Set(ports).count == 3)
    for (server, port) in zip(servers, ports) {
      let client = try NBDTestClient.connect(.tcp(port: port))
      #expect(try client.read(offset: 510, length: 2).bytes == [0x55, 0xAA])
      client.close()
      #expect(try server.stop() == 0)
    }
  }

  @Test("The process number is there when clients can connect, and goes")
  func pidFile() throws {
    let scene = try Scene()
    for name in ["pid", "old-pid"] {
      // What is left of a run that was killed is written over.
      if name == "old-pid" { try RawPath(scene(name)).write(Array("1234567890123".utf8)) }
      let words = ["-U", scene("socket"), "-P", scene(name), "linuxdisk", "tree"]
      let running = try scene.nbdgen().start(words)
      let deadline = ContinuousClock.now + .seconds(30)
      var text = ""
      while !text.hasSuffix("\n"), ContinuousClock.now < deadline {
        text = (try? String(contentsOfFile: scene(name), encoding: .utf8)) ?? ""
        usleep(200)
      }
      #expect(text == "\(running.process)\n")
      let client = try NBDTestClient.connect(.unix(scene("socket")))
      client.close()
      running.send(SIGTERM)
      #expect(try running.outcome(within: 5).status == 0)
      #expect(try scene.leftovers() == [])
    }
  }

  /// What a client does when the signal comes.
  enum Client: String, CaseIterable, Sendable {
    case none, idle, silent, negotiating, notReading, manyNotReading
  }

  @Test("A signal ends it soon", arguments: [SIGTERM, SIGINT, SIGHUP], Client.allCases)
  func signal(_ signal: Int32, _ client: Client) throws {
    let scene = try Scene()
    if client == .notReading || client == .manyNotReading {
      var random = SeededGenerator(seed: 66)
      let piece = random.bytes(1 << 16)
      let pieces = (0..<1056).map { (offset: $0 << 16, bytes: piece) }
      try RawPath(scene("tree/large")).write(pieces, size: 66 << 20)
    }
    for transport in NbdgenProcess.Transport.allCases {
      let server = try NbdgenProcess(["linuxdisk", scene("tree")], over: transport)
      let clients = try Self.clients(client, at: server.endpoint())
      usleep(100_000)
      #expect(try server.stop(signal, within: 5) == 0)
      let log = try server.log()
      #expect(log.count == 1, "\(log)")
      clients.forEach { $0.close() }
      if let socket = server.socket {
        #expect(!FileManager.default.fileExists(atPath: socket))
      }
    }
  }

  private static func clients(
    _ kind: Client,
    at endpoint: NBDTestClient.Endpoint
  ) throws -> [NBDTestClient] {
    switch kind {
    case .none:
      return []
    case .idle:
      return [try .connect(endpoint)]
    case .silent:
      switch endpoint {
      case .unix(let path): return [try NBDTestClient(unixPath: path)]
      case .tcp(let port, let host): return [try NBDTestClient(tcpPort: port, host: host)]
      }
    case .negotiating:
      let client = try NBDTestClient.negotiating(endpoint)
      // Half of an option.
      try client.send(Array(NBDTestClient.optionBytes(NBD.Option.list).prefix(9)))
      return [client]
    case .notReading, .manyNotReading:
      return try (0..<(kind == .notReading ? 1 : 20)).map { number in
        let client = try NBDTestClient.connect(endpoint, structured: number % 2 == 0)
        try client.sendRequest(type: NBD.Command.read, offset: 2 << 20, length: 64 << 20)
        return client
      }
    }
  }

  @Test("A second signal ends it at once")
  func impatience() throws {
    let scene = try Scene()
    let server = try NbdgenProcess(["linuxdisk", scene("tree")])
    let client = try NBDTestClient.connect(server.endpoint())
    server.running.send(SIGINT)
    server.running.send(SIGTERM)
    let status = try server.running.outcome(within: 5).status
    #expect([0, 128 + SIGINT, 128 + SIGTERM].contains(status))
    client.close()
  }
}
