import Foundation
import TestSupport
import Testing

/// Many clients at once, each with a name of its own, and names that try to be
/// expensive.
@ClientThread
@Suite("A crowd at info", .tags(.interop), .timeLimit(.minutes(30)))
struct InfoCrowdTests {
  private static let mebibyte = 1 << 20

  /// 1000 clients, so many of them at once, all of which are connected before the
  /// first one reads; each compares all of its disk.
  private static let crowd = """
    import resource, sys
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    mode, path, seed, size = sys.stdin.read().split()
    def disk(i):
        if mode == "exportname":
            name = "client %d " % i + seed + "x" * (i * 4 % 4000)
            return name, name.encode()
        count = 100 + i
        name = '"client %d %s" %d*%d @%d %d' % (i, seed, i % 256, count, 8192 + i, i * 7 % 256)
        text = ("client %d %s" % (i, seed)).encode() + bytes([i % 256]) * count
        return name, text + bytes(8192 + i - len(text)) + bytes([i * 7 % 256])
    for start in range(0, 1000, int(size)):
        clients = []
        for i in range(start, start + int(size)):
            name, wanted = disk(i)
            h = nbd.NBD()
            h.set_export_name(name)
            h.add_meta_context("base:allocation")
            h.connect_unix(path)
            clients.append((h, i, wanted))
        for h, i, wanted in clients[::-1] + clients[1::3]:
            assert h.get_size() == len(wanted), i
            assert h.pread(len(wanted), 0) == wanted, i
        assert len(set(wanted for h, i, wanted in clients)) == int(size)
        for h, i, wanted in clients:
            h.shutdown()
    print("all right")
    """

  /// Has the clients come round after round, and returns what the server had in
  /// memory before the first round and after each of them.
  private func rounds(
    _ count: Int,
    of clients: Int,
    _ mode: String,
    _ server: NbdgenProcess
  ) throws -> [Int] {
    let process = ServerProcess(server)
    let descriptors = try process.descriptorCount()
    let path = try #require(server.socket)
    var sizes = [try process.memory("VmRSS")]
    for round in 1...count {
      let input = Array("\(mode) \(path) round-\(round) \(clients)".utf8)
      let outcome = try Program("nbdsh").succeed(["-c", Self.crowd], input: input, timeout: 240)
      #expect(outcome.lines == ["all right"])
      #expect(try process.reaches(descriptorCount: descriptors), "connections are left")
      sizes.append(try process.memory("VmRSS"))
    }
    return sizes
  }

  @Test("1000 clients with 1000 names read 1000 disks at once", arguments: ["exportname", "data"])
  func crowd(_ mode: String) throws {
    let server = try NbdgenProcess(["info", mode])
    let process = ServerProcess(server)
    let sizes = try rounds(2, of: 1000, mode, server)
    let growth = try process.memory("VmHWM") - sizes[0]
    #expect(growth < 192 * Self.mebibyte, "\(sizes)")
    // Memory goes back to the host a moment after the last client went.
    let deadline = ContinuousClock.now + .seconds(20)
    var size = try process.memory("VmRSS")
    while size > sizes[0] + 8 * Self.mebibyte && ContinuousClock.now < deadline {
      usleep(50_000)
      size = try process.memory("VmRSS")
    }
    #expect(size <= sizes[0] + 8 * Self.mebibyte, "\(sizes), \(size)")
    #expect(try server.stop() == 0)
  }

  @Test("Thousands of names leave nothing behind", arguments: ["exportname", "data"])
  func waves(_ mode: String) throws {
    let server = try NbdgenProcess(["info", mode])
    let sizes = try rounds(5, of: 20, mode, server)
    // The first ones make the server as large as it gets.
    #expect(sizes[5] < sizes[2] + 2 * Self.mebibyte, "\(sizes)")
    #expect(try server.stop() == 0)
  }

  /// Names that fit, and cost as much as they can.
  nonisolated private static let hostileNames: [(String, String)] = [
    ("repetitions of repetitions", "(1 2)" + String(repeating: "*50", count: 10)),
    ("too many repetitions", "1" + String(repeating: "*1000", count: 800)),
    ("repeated gaps", "(1@+1)" + String(repeating: "*9", count: 18)),
    ("49 groups", parentheses(49, "1", ")")),
    ("49 repeated groups", parentheses(49, "1@+1", ")*2")),
    ("16 repeated groups", parentheses(16, "1@+1 2", ")*9")),
    ("24 repeated groups", parentheses(24, "1@+1 2", ")*3")),
    ("16 sliced groups", parentheses(16, "1@+1 2", "*2)[1:]")),
    ("more groups than allowed", parentheses(1300, "1", ")")),
    ("only open groups", String(repeating: "(", count: 4096)),
    ("sparse bytes", filled("1@+1 ")), ("very sparse bytes", filled("1@+1k ")),
    ("bytes", filled("1 ")), ("strings", filled("\"\\xFF\"*3 ")),
    ("sparse groups", filled("(1@9)")),
    ("chained names", chain(20, "(1 2)->\\a0 ", "(\\aN \\aN)->\\aM ")),
    ("chained and repeated names", chain(30, "(1@+1)->\\a0 ", "(\\aN*3 \\aN)->\\aM ")),
    ("many chained names", chain(60, "1->\\a0 ", "(\\aN 2)->\\aM ")),
    ("a name used often", filled("\\a ", start: "(1@+1 2)*2->\\a ")),
    ("redefined names", filled("(\\a)->\\a ", start: "(1@+1)->\\a ")),
    ("layered offsets", filled("@0(1@+1)*20 ")),
    ("layers that interleave", filled("@0(1@+1)*9 @1(2@+1)*9 ")),
    ("layers of large repetitions", filled("@0 0x55*1E @7 ")),
    ("a slice far away", "(0x55*7E)[0x5FFFFFFFFFFFFFFF:]"),
    ("slices of repetitions", filled("(1 2 3*9)*1000000[7:999983] ")),
    ("slices of slices", "((1@+1)*1E)" + String(repeating: "[1:]", count: 45)),
    ("slices of groups", parentheses(12, "(1@+1)*1M", ")[1:]*3")),
    ("far offsets", filled("@0x7FFFFFFFFFFFFFF0 1 @0 1 ")),
    ("large alignments", filled("1 @^1E ")), ("words", filled("le64:1 be16:1 ")),
    ("one large string", "\"" + String(repeating: "é", count: 2046) + "\""),
    ("escaped escapes", filled("%25")), ("an escaped expression", filled("%31%20")),
    ("escaped groups", filled("%28")), ("comments", filled("#\n")), ("blanks", filled(" ")),
    ("half a name", filled("\\")), ("gibberish", filled("]*[)->@:\"")),
  ]

  nonisolated private static func filled(_ piece: String, start: String = "") -> String {
    start + String(repeating: piece, count: (4096 - start.utf8.count) / piece.utf8.count)
  }

  nonisolated private static func parentheses(
    _ depth: Int,
    _ middle: String,
    _ end: String
  ) -> String {
    String(repeating: "(", count: depth) + middle + String(repeating: end, count: depth)
  }

  nonisolated private static func chain(_ length: Int, _ first: String, _ step: String) -> String {
    let steps = (0..<length).map {
      step.replacing("aN", with: "a\($0)").replacing("aM", with: "a\($0 + 1)")
    }
    return first + steps.joined() + "\\a\(length)"
  }

  /// Somebody with an ordinary disk, which has to stay what it is.
  private struct HonestClient {
    private let client: NBDTestClient
    private let disk: [UInt8]
    private var random = SeededGenerator(seed: 11)

    init(_ endpoint: NBDTestClient.Endpoint) throws {
      client = try .connect(endpoint, exportName: "(\"known\" 7*1000 @+500)*100")
      let piece = Array("known".utf8) + [UInt8](repeating: 7, count: 1000)
      disk = (0..<100).flatMap { _ in piece + [UInt8](repeating: 0, count: 500) }
      try #require(client.export?.size == UInt64(disk.count))
    }

    mutating func read() throws {
      let start = Int.random(in: 0..<disk.count, using: &random)
      let count = Int.random(in: 1...min(20_000, disk.count - start), using: &random)
      let bytes = try client.read(offset: UInt64(start), length: UInt32(count)).bytes
      #expect(isEqual(bytes[...], disk[start..<start + count]))
    }
  }

  @Test("Names that try to be expensive are refused or served, and harm nobody")
  func hostile() throws {
    let server = try NbdgenProcess(["info", "data"])
    let process = ServerProcess(server)
    let endpoint = try server.endpoint()
    var honest = try HonestClient(endpoint)
    let descriptors = try process.descriptorCount()
    let before = try process.memory("VmHWM")
    for (label, name) in Self.hostileNames {
      let data = NBDTestClient.infoData(name: Array(name.utf8))
      #expect(name.utf8.count <= 4096, "\(label)")
      let clients = try (0..<100).map { _ in try NBDTestClient.negotiating(endpoint) }
      for client in clients { try client.sendOption(NBD.Option.go, data: data) }
      for _ in 0..<10 { try honest.read() }
      var outcomes: Set<[UInt8]> = []
      for (number, client) in clients.enumerated() {
        outcomes.insert(try client.outcome(of: client.readOptionReplies(to: NBD.Option.go)))
        if number % 10 == 0 { try honest.read() }
      }
      #expect(outcomes.count == 1, "\(label): not the same for all")
      try honest.read()
      for client in clients { client.reset() }
      #expect(try process.reaches(descriptorCount: descriptors), "\(label): connections are left")
    }
    let growth = try process.memory("VmHWM") - before
    #expect(growth < 96 * Self.mebibyte, "\(growth) bytes")
    let client = try NBDTestClient.connect(endpoint, exportName: "0x55*512")
    #expect(try client.read(offset: 0, length: 512).bytes == [UInt8](repeating: 0x55, count: 512))
    #expect(try server.stop() == 0)
  }
}

extension NBDTestClient {
  /// A refusal's message, or both ends of the disk that was accepted, as much as
  /// can be compared.
  fileprivate func outcome(of replies: [OptionReply]) throws -> [UInt8] {
    guard let last = replies.last, !last.isError, let info = replies.first else {
      let last = try #require(replies.last)
      #expect(last.type == NBD.OptionReplyType.unknown)
      return last.data
    }
    guard case .export(let size, _) = try InfoReply(info.data) else {
      throw ProtocolViolation("no size")
    }
    var bytes: [UInt8] = []
    let length = UInt32(min(size, 65_536))
    for offset in Set([0, size / 2 - UInt64(length) / 2, size - UInt64(length)]).sorted()
    where length > 0 {
      let type = NBD.Command.read
      try send(Request(type: type, cookie: offset, offset: offset, length: UInt64(length)).bytes)
      let header = try receive(16)
      #expect(try header.u32(at: 0) == NBD.Magic.simpleReply)
      #expect(try header.u32(at: 4) == 0, "a request at \(offset) of \(size) failed")
      bytes += try receive(Int(length))
    }
    return bytes
  }
}
