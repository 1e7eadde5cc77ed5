import Foundation
import TestSupport
import Testing

/// The generator `info`, and nbdkit's plugin of that name next to it.
@ClientThread
@Suite("info agrees with nbdkit's", .tags(.interop), .timeLimit(.minutes(30)))
struct InfoAgreementTests {
  /// What a client finds under a name.
  private struct Finding: Decodable, Equatable {
    var error: String?
    var size: Int?
    /// In hexadecimal.
    var bytes: String?
    var isReadOnly: Bool?
    var canMultiConn: Bool?

    init(_ bytes: [UInt8]) {
      size = bytes.count
      self.bytes = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      isReadOnly = true
      canMultiConn = true
    }
  }

  /// Defines `look`, which returns a finding.
  private static let look = """
    import json, os, socket, sys, time
    def connect(uri):
        h = nbd.NBD()
        h.connect_uri(uri)
        return h
    def look(uri):
        try:
            h = connect(uri)
        except nbd.Error as error:
            return {"error": error.errno}
        size = h.get_size()
        return {"size": size, "bytes": h.pread(size, 0).hex() if size else "",
                "isReadOnly": h.is_read_only(), "canMultiConn": h.can_multi_conn()}
    uris = json.loads(sys.stdin.read())

    """

  /// What nbdsh prints for some URIs, as JSON.
  private static func ask<Answer: Decodable>(
    _ script: String,
    _ uris: [String],
    for type: Answer.Type = Answer.self
  ) throws -> Answer {
    let input = Array(try JSONEncoder().encode(uris))
    let output = try Program("nbdsh").succeed(["-c", look + script], input: input).output
    return try JSONDecoder().decode(type, from: Data(output))
  }

  /// What clients find under the names, at each of the servers.
  private func findings(_ names: [[UInt8]], _ pair: InfoPair) throws -> [[Finding]] {
    try [pair.ours, pair.theirs].map { server in
      try Self.ask("print(json.dumps([look(uri) for uri in uris]))", names.map(server.uri))
    }
  }

  private func expectAgreement(_ names: [[UInt8]], _ wanted: [[UInt8]], _ pair: InfoPair) throws {
    let both = try findings(names, pair)
    for (index, name) in names.enumerated() {
      let shown = String(decoding: name.prefix(60), as: UTF8.self)
      #expect(both[0][index] == Finding(wanted[index]), "nbdgen: \(shown)")
      #expect(both[1][index] == Finding(wanted[index]), "nbdkit: \(shown)")
    }
  }

  private static let names: [[UInt8]] =
    [
      "", "hello", "two words ", "\"quoted\" 'too' `so` $HOME", "line\nbreak\r\n", "%41", "é",
      "../a//b/", "?socket=x#y",
    ].map { Array($0.utf8) } + [
      [0xFF, 0xFE, 0x80, 0xC3], [0x01, 0x7F], [UInt8](repeating: 0x6E, count: 4096),
      SeededGenerator.bytes(4096, seed: 1),
    ]

  @Test(
    "The name is the disk, in whatever way the mode is written",
    arguments: [
      [], ["exportname"], ["export-name"], ["EXPORTNAME"], ["mode=exportname"],
      ["mode=Export-Name"],
    ]
  )
  func exportName(_ words: [String]) throws {
    let pair = try InfoPair(words)
    try expectAgreement(Self.names, Self.names, pair)
  }

  @Test(
    "The name is the disk in Base64",
    arguments: ["base64exportname", "base64-export-name", "Base64ExportName"]
  )
  func base64(_ word: String) throws {
    let disks =
      [[], [0], [0, 1], [0xFB, 0xFF, 0xBF]]
      + [511, 512, 513, 3070, 3071, 3072].map { SeededGenerator.bytes($0, seed: UInt64($0)) }
    var names = disks.map { Array(Data($0).base64EncodedString().utf8) }
    names += ["AA\nEC\n", " A A E C "].map { Array($0.utf8) }
    try expectAgreement(names, disks + [[0, 1, 2], [0, 1, 2]], try InfoPair([word]))
  }

  @Test("A name that is not Base64 is refused, and another one may follow")
  func invalidBase64() throws {
    let pair = try InfoPair(["base64exportname"])
    for server in [pair.ours, pair.theirs] {
      let client = try server.negotiating()
      for name in ["A", "!!!!", "AA=A", "AAAA=", "AAE=AAE=", "=", "====", "AAAAA", "\u{FF}AAA"] {
        for option in [NBD.Option.info, NBD.Option.go] {
          let replies = try client.option(option, NBDTestClient.infoData(name: Array(name.utf8)))
          let types = replies.map(\.type)
          #expect(types == [NBD.OptionReplyType.unknown], "\(server.uri([])): \(name)")
        }
      }
      #expect(try client.go(name: "AAEC").size == 3)
      #expect(try client.read(offset: 0, length: 3).bytes == [0, 1, 2])
    }
  }

  @Test(
    "The alphabet of URLs, missing padding and spare bits are taken only by nbdgen",
    arguments: [
      ("-_-_", [0xFB, 0xFF, 0xBF]), ("AA", [0]), ("AAE", [0, 1]), ("AB==", [0]),
    ] as [(String, [UInt8])]
  )
  func lenientBase64(_ name: String, _ disk: [UInt8]) throws {
    let pair = try InfoPair(["base64exportname"])
    let both = try findings([Array(name.utf8)], pair)
    #expect(both[0] == [Finding(disk)])
    #expect(both[1].first?.error != nil)
  }

  @Test("A longer name than 4096 bytes is refused", arguments: ["exportname", "base64exportname"])
  func longName(_ mode: String) throws {
    let pair = try InfoPair([mode])
    for server in [pair.ours, pair.theirs] {
      for size in [4096, 4097] {
        let client = try server.negotiating()
        let name = [UInt8](repeating: 0x41, count: size)
        let replies = try client.option(NBD.Option.go, NBDTestClient.infoData(name: name))
        #expect(replies.last?.isError == (size > 4096), "\(server.uri([])): \(replies)")
        guard size > 4096 else { continue }
        #expect(try client.go(name: "AAEC").size == (mode == "exportname" ? 4 : 3))
      }
    }
  }

  @Test(
    "One export without a name is listed",
    arguments: ["exportname", "base64exportname", "address", "time", "uptime", "conntime"]
  )
  func list(_ mode: String) throws {
    let pair = try InfoPair([mode])
    for server in [pair.ours, pair.theirs] {
      #expect(try server.negotiating().listExports().map(\.name) == [""])
      let list = try Program("nbdinfo").succeed(["--list", "--json", server.uri([])]).text
      #expect(list.matches(of: /"export-name": ""/).count == 1, "\(list)")
      #expect(list.matches(of: /"export-name"/).count == 1, "\(list)")
    }
  }

  @Test("qemu finds equal disks")
  func qemu() throws {
    let bytes = SeededGenerator.bytes(3072, seed: 5)
    let cases = [
      ("exportname", [UInt8](repeating: 0x55, count: 4096)),
      ("base64exportname", Array(Data(bytes).base64EncodedString().utf8)),
      ("base64exportname", Array(Data(repeating: 0x55, count: 3072).base64EncodedString().utf8)),
    ]
    for (mode, name) in cases {
      let pair = try InfoPair([mode])
      let uris = [pair.ours.uri(name), pair.theirs.uri(name)]
      let words = ["compare", "-f", "raw", "-F", "raw"] + uris
      #expect(try Program("qemu-img").succeed(words).text.contains("Images are identical."))
      for uri in uris {
        let pattern = name.starts(with: Data(bytes).base64EncodedString().utf8) ? bytes[0] : 0x55
        let size = pattern == 0x55 ? 512 : 1
        let words = ["-r", "-f", "raw", uri, "-c", "read -P \(pattern) 0 \(size)"]
        let outcome = try Program("qemu-io").succeed(words)
        #expect(!outcome.text.contains("Pattern verification failed"), "\(outcome)")
      }
    }
  }

  /// An address, as the server and the client know it.
  private struct Address: Decodable {
    var text: String
    var wanted: String
    var isReadOnly: Bool
    var canMultiConn: Bool
  }

  @Test("The address is the client's", arguments: [nil, "127.0.0.1", "::1"])
  func address(_ host: String?) throws {
    let pair = try InfoPair(["address"], host: host)
    let script = """
      def address(uri):
          h = connect(uri)
          end = socket.socket(fileno=os.dup(h.aio_get_fd())).getsockname()
          wanted = "[%s]:%d" if ":" in uri.split("]")[0] and "[" in uri else "%s:%d"
          return {"text": h.pread(h.get_size(), 0).decode(),
                  "wanted": wanted % end[:2] if len(end) > 1 else "unix",
                  "isReadOnly": h.is_read_only(), "canMultiConn": h.can_multi_conn()}
      print(json.dumps([address(uri) for uri in uris]))
      """
    for name in ["", "a name"] {
      let uris = [pair.ours, pair.theirs].map { $0.uri(Array(name.utf8)) }
      for found in try Self.ask(script, uris, for: [Address].self) {
        #expect(found.text == found.wanted)
        #expect(found.text.hasPrefix(host.map { $0 == "::1" ? "[::1]:" : "\($0):" } ?? "unix"))
        #expect(found.isReadOnly && !found.canMultiConn)
      }
    }
  }

  /// Two readings of a time in seconds, and the client's clock around them.
  private struct Times: Decodable {
    var size: Int
    var first: Double
    var second: Double
    /// The client's time of day before the first and after the second.
    var day: [Double]
    /// Seconds between the start of connecting and the end of the last reading.
    var connected: Double
    var isReadOnly: Bool
    var canMultiConn: Bool
  }

  @Test("Times are what they are at nbdkit", arguments: ["time", "uptime", "conntime"])
  func time(_ mode: String) throws {
    let start = ContinuousClock.now
    let pair = try InfoPair([mode])
    let ready = Date().timeIntervalSince1970
    let script = """
      def times(uri):
          start = time.monotonic()
          day = [time.time()]
          h = connect(uri)
          def read():
              data = h.pread(12, 0)
              micro = int.from_bytes(data[8:], "big")
              assert micro < 1000000, data
              return int.from_bytes(data[:8], "big") + micro / 1000000
          first = read()
          time.sleep(0.05)
          second = read()
          return {"size": h.get_size(), "first": first, "second": second,
                  "day": day + [time.time()], "connected": time.monotonic() - start,
                  "isReadOnly": h.is_read_only(), "canMultiConn": h.can_multi_conn()}
      print(json.dumps([times(uri) for uri in uris]))
      """
    let uris = [pair.ours.uri([]), pair.theirs.uri([])]
    let both = try Self.ask(script, uris, for: [Times].self)
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    try #require(both.count == 2)
    // What is cut off when a time is told, and what a sleep may be short of.
    let slack = 0.001
    for times in both {
      #expect(times.size == 12 && times.isReadOnly && !times.canMultiConn)
      #expect(times.second - times.first >= 0.05 - slack)
      #expect(times.second - times.first <= times.connected + slack)
      switch mode {
      case "time":
        #expect(times.first >= times.day[0] - slack && times.second <= times.day[1] + slack)
      case "uptime":
        #expect(times.first >= times.day[0] - ready - slack && times.second <= elapsed + slack)
      default:
        #expect(times.first >= 0 && times.second <= times.connected + slack)
      }
    }
    #expect(abs(both[0].first - both[1].first) < 10)
  }
}

extension SeededGenerator {
  /// The first bytes of a sequence, none of which is zero.
  fileprivate static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return generator.bytes(count)
  }
}

/// `info` as it is served by nbdgen and by nbdkit.
private struct InfoPair {
  let ours: Server
  let theirs: Server
  private let nbdgen: NbdgenProcess
  private let nbdkit: RunningProgram
  private let directory: TemporaryDirectory

  /// A server.
  struct Server {
    var endpoint: NBDTestClient.Endpoint

    /// The URI of an export.
    func uri(_ name: [UInt8]) -> String {
      let path = name.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      switch endpoint {
      case .unix(let socket): return "nbd+unix:///\(path)?socket=\(socket)"
      case .tcp(let port, let host):
        return "nbd://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(path)"
      }
    }

    func negotiating() throws -> NBDTestClient { try .negotiating(endpoint) }
  }

  /// Serves it on unix sockets, or on TCP at an address of this host.
  init(_ words: [String], host: String? = nil) throws {
    directory = try TemporaryDirectory()
    let pidFile = directory("pid")
    var options = ["-f", "-r", "-P", pidFile]
    if let host {
      let place = ["-i", host, "info"] + words
      // nbdkit takes the port of a server that ended.
      let before = try NbdgenProcess(place, over: .tcp)
      guard let free = URL(string: before.uri)?.port else { throw ToolFailure("no port") }
      nbdgen = try NbdgenProcess(place, over: .tcp)
      try before.stop()
      guard let port = URL(string: nbdgen.uri)?.port else { throw ToolFailure("no port") }
      ours = Server(endpoint: .tcp(port: port, host: host))
      theirs = Server(endpoint: .tcp(port: free, host: host))
      options += ["-i", host, "-p", "\(free)"]
    } else {
      nbdgen = try NbdgenProcess(["info"] + words)
      ours = Server(endpoint: try nbdgen.endpoint())
      theirs = Server(endpoint: .unix(directory("nbdkit")))
      options += ["-U", directory("nbdkit")]
    }
    nbdkit = try Program("nbdkit").start(options + ["info"] + words)
    for _ in 0..<2000 where !FileManager.default.fileExists(atPath: pidFile) {
      guard nbdkit.status(within: 0.01) == nil else {
        throw ToolFailure("nbdkit: \(try nbdkit.outcomeSoFar())")
      }
    }
  }
}
