import Foundation
import TestSupport
import Testing

/// The tools of libnbd and qemu that know extended headers, whatever the system's
/// own ones know.
@ClientThread
@Suite("Newer peers", .tags(.interop), .timeLimit(.minutes(30)))
struct NewerPeerTests {
  /// What `scripts/newer-peers` made.
  private static func program(_ name: String) throws -> Program {
    let top = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try Program(top.appendingPathComponent(".build/newer-peers/bin/\(name)").path)
  }

  /// A server of an exbibyte that has two runs of data.
  private static func exbibyte(_ transport: NbdgenProcess.Transport) throws -> NbdgenProcess {
    try NbdgenProcess(["data", "1 @1P 2*1M", "size=1E"], over: transport)
  }

  private static let runs: [[Int]] = [
    [0, 512, 0], [512, 1 << 50 - 512, 3], [1 << 50, 1 << 20, 0],
    [1 << 50 + 1 << 20, 1 << 60 - 1 << 50 - 1 << 20, 3],
  ]

  /// What is looked at in `nbdinfo --json`.
  private struct Information: Decodable {
    var structured: Bool
    var extended: Bool
    var exports: [Export]

    struct Export: Decodable {
      var contexts: [String]
      var size: Int

      enum CodingKeys: String, CodingKey {
        case contexts
        case size = "export-size"
      }
    }
  }

  @Test("nbdinfo uses extended headers", arguments: NbdgenProcess.Transport.allCases)
  func information(_ transport: NbdgenProcess.Transport) throws {
    let server = try Self.exbibyte(transport)
    let nbdinfo = try Self.program("nbdinfo")
    let output = try nbdinfo.succeed(["--json", server.uri]).output
    let information = try JSONDecoder().decode(Information.self, from: Data(output))
    #expect(information.structured && information.extended)
    #expect(information.exports.map(\.size) == [1 << 60])
    #expect(information.exports.map(\.contexts) == [["base:allocation", "nbdgen:segment"]])
    let text = try nbdinfo.succeed([server.uri]).text
    #expect(text.contains("using extended packets"), "\(text)")
    try nbdinfo.succeed(["--can", "extended-headers", server.uri])
    #expect(try server.stop() == 0)
  }

  @Test("An exbibyte is mapped in one request", arguments: NbdgenProcess.Transport.allCases)
  func map(_ transport: NbdgenProcess.Transport) throws {
    let server = try Self.exbibyte(transport)
    let lines = try Self.program("nbdinfo").succeed(["--map", server.uri], timeout: 10).lines
    let runs = lines.map { $0.split(separator: " ").prefix(3).compactMap { Int($0) } }
    #expect(runs == Self.runs)

    let script = """
      assert h.get_extended_headers_negotiated()
      assert h.can_block_status_payload()
      calls = []
      def extent(context, offset, entries, error):
          calls.append((context, offset, [tuple(entry) for entry in entries]))
      wanted = [("base:allocation", 0, [(run[1], run[2]) for run in \(Self.runs)])]
      h.block_status_64(1 << 60, 0, extent)
      assert calls == wanted, calls
      calls.clear()
      # The form with a payload.
      h.block_status_filter(1 << 60, 0, ["base:allocation"], extent)
      assert calls == wanted, calls
      assert h.pread(4, (1 << 50) - 2) == bytes([0, 0, 2, 2])
      h.cache(1 << 60, 0)
      """
    let words = ["--base-allocation", "-u", server.uri, "-c", script]
    try Self.program("nbdsh").succeed(words, timeout: 10)
    #expect(try server.stop() == 0)
  }

  @Test("nbdcopy copies a tree's disk", arguments: NbdgenProcess.Transport.allCases)
  func copy(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let directory = try TemporaryDirectory()
    for (number, options) in [
      ["--connections=1", "--synchronous"], ["--connections=4", "--requests=64"],
      ["--no-extents", "--request-size=33554432"],
    ].enumerated() {
      let path = directory("copy-\(number)")
      try Self.program("nbdcopy").succeed(options + [server.uri, path])
      try ClientDisk.expectReference(path)
    }
    #expect(try server.stop() == 0)
  }

  @Test("qemu-img converts and compares", arguments: NbdgenProcess.Transport.allCases)
  func convert(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let directory = try TemporaryDirectory()
    let image = try Self.program("qemu-img")
    let (raw, copy) = (directory("copy"), directory("copy.qcow2"))
    try image.succeed(["convert", "-f", "raw", "-O", "raw", server.uri, raw])
    try ClientDisk.expectReference(raw)
    let options = ["-W", "-m", "16", "-f", "raw", "-O", "qcow2"]
    try image.succeed(["convert"] + options + [server.uri, copy])
    for (path, format) in [(copy, "qcow2"), (try ClientDisk.reference(), "raw")] {
      let outcome = try image.succeed(["compare", "-f", "raw", "-F", format, server.uri, path])
      #expect(outcome.text.contains("Images are identical."))
    }
    #expect(try server.stop() == 0)
  }

  /// An element of what `qemu-img map --output=json` prints.
  private struct Run: Decodable {
    var start: Int
    var length: Int
    var zero: Bool
    var data: Bool
  }

  @Test("qemu's tools see an exbibyte", arguments: NbdgenProcess.Transport.allCases)
  func qemu(_ transport: NbdgenProcess.Transport) throws {
    let server = try Self.exbibyte(transport)
    let map = ["map", "--output=json", "-f", "raw", server.uri]
    let output = try Self.program("qemu-img").succeed(map, timeout: 10).output
    let runs = try JSONDecoder().decode([Run].self, from: Data(output))
    #expect(runs.map { [$0.start, $0.length, $0.data ? 0 : 3] } == Self.runs)
    #expect(runs.allSatisfy { $0.data != $0.zero })

    let commands = ["read -P 2 1P 1M", "read -P 0 512 1M", "read -P 1 0 1", "aio_read 1P 64k"]
    let words = ["-r", "-f", "raw", server.uri] + commands.flatMap { ["-c", $0] }
    let outcome = try Self.program("qemu-io").succeed(words)
    #expect(!outcome.text.contains("failed"), "\(outcome)")

    let place: [String]
    switch try server.endpoint() {
    case .unix(let path): place = ["-k", path]
    case .tcp(let port, let host): place = ["-b", host, "-p", "\(port)"]
    }
    let list = try Self.program("qemu-nbd").succeed(["--list"] + place).text
    #expect(list.contains("exports available: 1"), "\(list)")
    #expect(list.contains("size:  1152921504606846976"), "\(list)")
    #expect(list.contains("transaction size: 64-bit"), "\(list)")
    #expect(list.contains("base:allocation"), "\(list)")
    #expect(try server.stop() == 0)
  }
}
