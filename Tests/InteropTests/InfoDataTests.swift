import Foundation
import TestSupport
import Testing

/// Names that are expressions, and a disk that tells about its client.
@ClientThread
@Suite("info's modes data and connection", .tags(.interop), .timeLimit(.minutes(30)))
struct InfoDataTests {
  /// The URI that leads to a name, written as it is.
  private static func uri(_ server: NbdgenProcess, _ path: String) throws -> String {
    switch try server.endpoint() {
    case .unix(let socket): "nbd+unix:///\(path)?socket=\(socket)"
    case .tcp(let port, _): "nbd://localhost:\(port)/\(path)"
    }
  }

  /// What follows the host in a URI, and the disk that it is.
  struct Path: Sendable, CustomTestStringConvertible {
    var text: String
    var disk: [UInt8]
    var testDescription: String { text }

    init(_ text: String, _ disk: [UInt8]) {
      self.text = text
      self.disk = disk
    }
  }

  nonisolated private static let paths = [
    Path("0x55*512", [UInt8](repeating: 0x55, count: 512)),
    Path("0x55%2A512", [UInt8](repeating: 0x55, count: 512)),
    Path("%28%22a%20b%22%20%400x1FE%200x55%200xAA%29%2a2", boot + boot),
    Path("(%22a%20b%22@0x1FE%200x55%200xAA)*2", boot + boot),
    Path("%221%25%22*256", (0..<512).map { $0 % 2 == 0 ? 0x31 : 0x25 }),
    Path("(1%202)-%3E%5Ca%20%5Ca*256", (0..<512).map { UInt8(1 + $0 % 2) }),
    Path("@1k", [UInt8](repeating: 0, count: 1024)),
    Path(
      "%22%5Cx00%5Cn%C3%BF%22%5B1:%5D@512",
      [10, 0xC3, 0xBF] + [UInt8](repeating: 0, count: 509)
    ),
  ]

  nonisolated private static let boot =
    Array("a b".utf8) + [UInt8](repeating: 0, count: 507) + [0x55, 0xAA]

  @Test("Clients take a disk out of a URI", arguments: paths, NbdgenProcess.Transport.allCases)
  func path(_ path: Path, _ transport: NbdgenProcess.Transport) throws {
    let server = try NbdgenProcess(["info", "data"], over: transport)
    let uri = try Self.uri(server, path.text)
    #expect(try Program("nbdinfo").succeed(["--size", uri]).lines == ["\(path.disk.count)"])
    let directory = try TemporaryDirectory()
    let wanted = directory("wanted")
    try RawPath(wanted).write(path.disk)
    try Program("nbdcopy").succeed([uri, directory("nbdcopy")])
    try Program("cmp").succeed([directory("nbdcopy"), wanted])
    let words = ["-f", "raw", "-O", "raw", uri, directory("qemu-img")]
    try Program("qemu-img").succeed(["convert"] + words)
    try Program("cmp").succeed([directory("qemu-img"), wanted])
    #expect(try server.stop() == 0)
  }

  @Test("A name in which %XX is left is understood, too", arguments: paths)
  func encodedName(_ path: Path) throws {
    let server = try NbdgenProcess(["info", "data"])
    let client = try NBDTestClient.connect(server.endpoint(), exportName: path.text)
    #expect(client.export?.size == UInt64(path.disk.count))
    let bytes = try client.read(offset: 0, length: UInt32(path.disk.count)).bytes
    #expect(bytes == path.disk)
    try server.stop()
  }

  @Test("In a name that is an expression as it is, %XX stays")
  func percentInString() throws {
    let server = try NbdgenProcess(["info", "data"])
    let client = try NBDTestClient.connect(server.endpoint(), exportName: "\"%41\"")
    #expect(try client.read(offset: 0, length: 3).bytes == Array("%41".utf8))
    try server.stop()
  }

  @Test(
    "Names that reach for the host are refused, with the reason",
    arguments: [
      ("</etc/passwd", ["files"]), ("<file*2", ["files"]), ("<(touch ran)", ["scripts"]),
      ("(1 <(touch ran))*2", ["scripts"]), ("$HOME", ["$HOME"]), ("$hush", ["$hush"]),
      ("1*$hush", ["$hush"]), ("%24hush", ["byte 0"]), ("%3Cfile", ["byte 0"]),
      ("%3C%28touch%20ran%29", ["byte 0"]), ("\"", ["string"]), ("(1", ["never closed"]),
      ("1*", []), ("le16:$hush", ["$hush"]),
    ] as [(String, [String])]
  )
  func refusedName(_ name: String, _ fragments: [String]) throws {
    let directory = try TemporaryDirectory()
    try RawPath(directory("file")).write(Array("content of a file".utf8))
    let secret = "123456*7"
    let environment = ["hush": secret, "HOME": "\"\(secret)\""]
    let nbdgen = try Program.nbdgen(environment: environment, directory: directory.path)
    let socket = directory("socket")
    let running = try nbdgen.start(["-v", "-U", socket, "info", "data"])
    _ = try running.errorLine(within: 60) { $0.contains("; in qemu: ") }
    for code in [NBD.Option.info, NBD.Option.go] {
      let client = try NBDTestClient.negotiating(.unix(socket))
      let data = NBDTestClient.infoData(name: Array(name.utf8))
      let refusal = #expect(throws: OptionRefused.self) { try client.acceptedOption(code, data) }
      let message = refusal?.message ?? ""
      #expect(refusal?.code == NBD.OptionReplyType.unknown)
      #expect(message.hasPrefix("the export name is not a data expression: "), "\(message)")
      for fragment in fragments { #expect(message.contains(fragment), "\(message)") }
      #expect(!message.contains("123456") && !message.contains("content"), "\(message)")
      // The connection goes on.
      try client.go(name: "1*3")
      #expect(try client.read(offset: 0, length: 3).bytes == [1, 1, 1])
    }
    let log = try running.outcomeSoFar()
    #expect(!log.errorLines.contains { $0.contains("123456") || $0.contains("content of") })
    #expect(!FileManager.default.fileExists(atPath: directory("ran")))
    running.send(SIGTERM)
    #expect(try running.outcome(within: 10).status == 0)
  }

  @Test("Clients see the holes of an expression", arguments: NbdgenProcess.Transport.allCases)
  func map(_ transport: NbdgenProcess.Transport) throws {
    let server = try NbdgenProcess(["info", "data"], over: transport)
    let uri = try Self.uri(server, "1*4096@1M%202*4096@1G")
    let runs = try Program("nbdinfo").succeed(["--map", uri]).lines
      .map { $0.split(separator: " ").map(String.init) }
    #expect(
      runs == [
        ["0", "4096", "0", "data"], ["4096", "1044480", "3", "hole,zero"],
        ["1048576", "4096", "0", "data"], ["1052672", "1072689152", "3", "hole,zero"],
      ]
    )
    let totals = try Program("nbdinfo").succeed(["--map", "--totals", uri]).lines
    #expect(totals.contains { $0.split(separator: " ").prefix(3) == ["8192", "0.0%", "0"] })
    try server.stop()
  }

  /// A way of connecting, as nbdsh does it, and lines of the disk that follow.
  struct Manner: Sendable, CustomTestStringConvertible {
    var steps: [String]
    var lines: [String]
    var testDescription: String { steps.joined(separator: "; ") }

    init(_ steps: [String], _ lines: [String]) {
      self.steps = steps
      self.lines = lines
    }
  }

  nonisolated private static let manners = [
    Manner(
      ["h.connect_uri(uri)"],
      [
        "export name: \"\", 0 bytes", "options: NBD_OPT_STRUCTURED_REPLY, NBD_OPT_GO",
        "structured replies: yes", "meta contexts: none",
        "requested information: NBD_INFO_BLOCK_SIZE",
      ]
    ),
    Manner(
      ["h.set_request_structured_replies(False)", "h.connect_uri(uri)"],
      ["options: NBD_OPT_GO", "structured replies: no", "meta contexts: none"]
    ),
    Manner(
      ["h.add_meta_context('base:allocation')", "h.add_meta_context('x:y')", "h.connect_uri(uri)"],
      [
        "options: NBD_OPT_STRUCTURED_REPLY, NBD_OPT_SET_META_CONTEXT, NBD_OPT_GO",
        "structured replies: yes", "meta contexts: base:allocation",
      ]
    ),
    Manner(
      ["h.add_meta_context('x:y')", "h.connect_uri(uri)"],
      ["structured replies: yes", "meta contexts: none"]
    ),
    Manner(
      [
        "h.set_opt_mode(True)", "h.add_meta_context('base:allocation')", "h.connect_uri(uri)",
        "h.opt_list(lambda *words: 0)", "h.set_full_info(True)", "h.set_export_name('a b')",
        "h.opt_go()",
      ],
      [
        "export name: \"a b\", 3 bytes",
        "options: NBD_OPT_STRUCTURED_REPLY, NBD_OPT_LIST, NBD_OPT_SET_META_CONTEXT, NBD_OPT_GO",
        "meta contexts: base:allocation",
        "requested information: NBD_INFO_BLOCK_SIZE, NBD_INFO_NAME, NBD_INFO_DESCRIPTION",
      ]
    ),
    Manner(
      ["h.set_handshake_flags(0)", "h.connect_uri(uri)"],
      ["options: NBD_OPT_EXPORT_NAME", "structured replies: no"]
    ),
    Manner(
      ["h.set_handshake_flags(nbd.HANDSHAKE_FLAG_FIXED_NEWSTYLE)", "h.connect_uri(uri)"],
      ["client flags: fixed newstyle", "options: NBD_OPT_STRUCTURED_REPLY, NBD_OPT_GO"]
    ),
  ]

  @Test(
    "The connection is told as it was negotiated",
    arguments: manners,
    NbdgenProcess.Transport.allCases
  )
  func connection(_ manner: Manner, _ transport: NbdgenProcess.Transport) throws {
    let server = try NbdgenProcess(["info", "connection"], over: transport)
    let script =
      ["import os, socket", "uri = '\(server.uri)'"] + manner.steps + [
        "print(h.pread(h.get_size(), 0).decode(), end='')",
        "end = socket.socket(fileno=os.dup(h.aio_get_fd())).getsockname()",
        "address = ('[%s]:%d' if ':' in end[0] else '%s:%d') % end[:2] if len(end) > 1 else 'unix'",
        "print('wanted: ' + address)",
      ]
    let lines = try Program("nbdsh").succeed(["-c", script.joined(separator: "\n")]).lines
    for line in manner.lines { #expect(lines.contains(line), "\(lines)") }
    let address = try #require(lines.last?.dropFirst("wanted: ".count))
    #expect(lines.contains("address: \(address)"), "\(lines)")
    #expect(address == "unix" || transport == .tcp)
    try server.stop()
  }

  @Test("A name adds no lines of its own")
  func forgedLines() throws {
    let server = try NbdgenProcess(["info", "connection"])
    let name = "a\", 1 bytes\nTLS: yes\r\u{1B}[31m\u{85}TLS: yes"
    let client = try NBDTestClient.connect(server.endpoint(), exportName: name)
    let size = UInt32(try #require(client.export).size)
    let text = String(decoding: try client.read(offset: 0, length: size).bytes, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
    #expect(lines.contains("TLS: no") && !lines.contains("TLS: yes"), "\(lines)")
    #expect(lines.first?.hasSuffix(", \(name.utf8.count) bytes") == true, "\(lines)")
    #expect(!text.utf8.contains(0x1B))
    try server.stop()
  }
}
