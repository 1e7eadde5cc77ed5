import Foundation
import TestSupport
import Testing

/// The tools of libnbd.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct LibnbdTests {
  /// What `nbdinfo --json` says.
  private struct Information: Decodable {
    var `protocol`: String
    var structured: Bool
    var exports: [Export]

    struct Export: Decodable {
      var name: String
      var description: String?
      var contexts: [String]
      var isReadOnly: Bool
      var canMultiConn: Bool
      var canTrim: Bool
      var canFlush: Bool
      var canCache: Bool
      var size: Int

      enum CodingKeys: String, CodingKey {
        case name = "export-name"
        case description
        case contexts
        case isReadOnly = "is_read_only"
        case canMultiConn = "can_multi_conn"
        case canTrim = "can_trim"
        case canFlush = "can_flush"
        case canCache = "can_cache"
        case size = "export-size"
      }
    }
  }

  @Test("nbdinfo tells what the disk is", arguments: NbdgenProcess.Transport.allCases)
  func information(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport, ["label=abc"])
    let output = try Program("nbdinfo").succeed(["--json", server.uri]).output
    let information = try JSONDecoder().decode(Information.self, from: Data(output))
    #expect(information.protocol == "newstyle-fixed")
    #expect(information.structured)
    let export = try #require(information.exports.first)
    #expect(information.exports.count == 1)
    #expect(export.name.isEmpty)
    #expect(export.description?.hasPrefix("ext2 filesystem \"abc\" of ") == true)
    #expect(export.contexts == ["base:allocation", "nbdgen:segment"])
    #expect(export.isReadOnly && export.canMultiConn && export.canFlush && export.canCache)
    #expect(!export.canTrim)
    #expect(export.size == (try RawPath(ClientDisk.reference()).facts().size))

    let list = try Program("nbdinfo").succeed(["--list", "--json", server.uri]).output
    let listed = try JSONDecoder().decode(Information.self, from: Data(list))
    #expect(listed.exports.map(\.size) == [export.size])
    try server.stop()
  }

  @Test("nbdinfo maps the disk's holes", arguments: NbdgenProcess.Transport.allCases)
  func map(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport, ["size=10G"])
    let size = try #require(Int(try nbdinfo("--size", server).first ?? ""))
    // Offset, length, number, name; the totals have a percentage for an offset.
    let runs = try nbdinfo("--map", server).map { $0.split(separator: " ") }
    var offset = 0
    var dataSize = 0
    for run in runs {
      #expect(Int(run[0]) == offset)
      let length = try #require(Int(run[1]))
      offset += length
      if run[2] == "0" { dataSize += length }
      #expect(["data", "hole,zero"].contains(run[3]))
    }
    #expect(offset == size)
    let totals = try Program("nbdinfo").succeed(["--map", "--totals", server.uri]).lines
      .map { $0.split(separator: " ") }
    #expect(totals.reduce(0) { $0 + (Int($1[0]) ?? 0) } == size)
    #expect(totals.first { $0.last == "data" }?.first == "\(dataSize)")
    let content = try ClientDisk.allocatedSize()
    #expect((content..<content + 16 << 20).contains(dataSize), "\(dataSize) of \(content)")
    try server.stop()
  }

  private func nbdinfo(_ option: String, _ server: NbdgenProcess) throws -> [String] {
    try Program("nbdinfo").succeed([option, server.uri]).lines
  }

  @Test("F7: nbdcopy copies over many connections", arguments: NbdgenProcess.Transport.allCases)
  func copy(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let directory = try TemporaryDirectory()
    for (number, options) in [
      ["--connections=1", "--synchronous"], ["--connections=4", "--requests=64", "--threads=2"],
      ["--connections=8", "--request-size=4096"], ["--no-extents", "--request-size=33554432"],
    ].enumerated() {
      let path = directory("copy-\(number)")
      try Program("nbdcopy").succeed(options + [server.uri, path])
      try ClientDisk.expectReference(path)
    }
    try server.stop()
  }

  @Test("nbdsh reads at any offset", arguments: NbdgenProcess.Transport.allCases)
  func shell(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let script = """
      import random
      random.seed(20)
      reference = open("\(try ClientDisk.reference())", "rb").read()
      size = h.get_size()
      assert size == len(reference), size
      for _ in range(500):
          length = min(random.randrange(1, 1 << random.randrange(1, 21)), size)
          offset = random.randrange(0, size - length + 1)
          assert h.pread(length, offset) == reference[offset:offset + length], (offset, length)
      try:
          h.pwrite(b"x" * 512, 0)
          raise AssertionError("it can be written to")
      except nbd.Error as error:
          pass
      """
    try Program("nbdsh").succeed(["-u", server.uri, "-c", script])
    try server.stop()
  }

  @Test("nbdkit's nbd plugin stands in front of it", arguments: NbdgenProcess.Transport.allCases)
  func proxy(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let directory = try TemporaryDirectory()
    let (copy, partition) = (directory("copy"), directory("partition"))
    let nbdkit = try Program("nbdkit")
    try nbdkit.succeed(["-U", "-", "nbd", "uri=\(server.uri)", "--run", "nbdcopy $uri \(copy)"])
    try ClientDisk.expectReference(copy)
    let words = ["-U", "-", "--filter=partition", "nbd", "uri=\(server.uri)", "partition=1"]
    try nbdkit.succeed(words + ["--run", "nbdcopy $uri \(partition)"])
    try Program("cmp").succeed(["-i", "0:1048576", partition, ClientDisk.reference()])
    try server.stop()
  }
}
