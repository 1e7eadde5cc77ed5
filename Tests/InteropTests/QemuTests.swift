import Foundation
import TestSupport
import Testing

/// The tools of qemu, and other clients.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct QemuTests {
  private static func image(_ words: [String]) throws -> Outcome {
    try Program("qemu-img").succeed(words)
  }

  @Test("qemu-img compares and converts", arguments: NbdgenProcess.Transport.allCases)
  func compareAndConvert(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let directory = try TemporaryDirectory()
    let copy = directory("copy.qcow2")
    // -W: out of order; -m: that many requests at once.
    let options = ["-W", "-m", "16", "-f", "raw", "-O", "qcow2"]
    try Program("qemu-img").succeed(["convert"] + options + [server.uri, copy])
    for (path, format) in [(copy, "qcow2"), (try ClientDisk.reference(), "raw")] {
      let words = ["compare", "-f", "raw", "-F", format, server.uri, path]
      #expect(try Self.image(words).text.contains("Images are identical."))
    }
    try server.stop()
  }

  /// An element of what `qemu-img map --output=json` prints.
  private struct Run: Decodable {
    var start: Int
    var length: Int
    var zero: Bool
    var data: Bool
  }

  @Test("qemu-img maps the disk's holes", arguments: NbdgenProcess.Transport.allCases)
  func map(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport, ["size=10G"])
    let words = ["map", "--output=json", "-f", "raw", server.uri]
    let runs = try JSONDecoder().decode([Run].self, from: Data(try Self.image(words).output))
    var offset = 0
    for run in runs {
      #expect(run.start == offset)
      #expect(run.data != run.zero)
      offset += run.length
    }
    #expect(offset == 10 << 30 + 1 << 20)
    let dataSize = runs.reduce(0) { $0 + ($1.data ? $1.length : 0) }
    let content = try ClientDisk.allocatedSize()
    #expect((content..<content + 16 << 20).contains(dataSize), "\(dataSize) of \(content)")
    try server.stop()
  }

  @Test("Of a disk of 100 GiB only what there is moves")
  func hugeDisk() throws {
    let server = try ClientDisk.serve(["size=100G"])
    let directory = try TemporaryDirectory()
    let copy = directory("copy")
    let words = ["convert", "-f", "raw", "-O", "raw", server.uri, copy]
    try Program("qemu-img").succeed(words, timeout: 30)
    #expect(try RawPath(copy).facts().size == 100 << 30 + 1 << 20)
    let allocated = try RawPath(copy).dataRanges().reduce(0) { $0 + $1.count }
    let content = try ClientDisk.allocatedSize()
    #expect(allocated < content + 64 << 20, "\(allocated) for \(content)")

    let sparse = directory("sparse")
    try Program("nbdcopy").succeed([server.uri, sparse], timeout: 30)
    #expect(try Self.image(["compare", "-f", "raw", "-F", "raw", copy, sparse]).status == 0)
    try server.stop()
  }

  @Test("qemu-io reads", arguments: NbdgenProcess.Transport.allCases)
  func read(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let commands = [
      "read -P 0 1024 1047552", "read -P 0x55 510 1", "read -P 0xAA 511 1",
      "read -P 0x53 1049656 1", "read -P 0xEF 1049657 1", "aio_read 0 1M", "aio_read 1M 64k",
      "aio_flush", "flush",
    ]
    let words = ["-r", "-f", "raw", server.uri] + commands.flatMap { ["-c", $0] }
    let outcome = try Program("qemu-io").succeed(words)
    #expect(!outcome.text.contains("Pattern verification failed"), "\(outcome)")
    try server.stop()
  }

  @Test("L1, L2: nbd-client lists the export", arguments: NbdgenProcess.Transport.allCases)
  func list(_ transport: NbdgenProcess.Transport) throws {
    let tree = "\(try ClientDisk.tree())"
    let server = try NbdgenProcess(["-e", "a name", "linuxdisk", tree], over: transport)
    let place: [String]
    switch try server.endpoint() {
    case .unix(let path): place = ["-u", path]
    case .tcp(let port, let host): place = [host, "\(port)"]
    }
    let outcome = try Program("nbd-client").succeed(["-l"] + place)
    #expect(outcome.lines.contains { $0.hasPrefix("a name: ext2 filesystem of ") }, "\(outcome)")
    try server.stop()
  }

  @Test("fio's nbd engine reads at random", arguments: NbdgenProcess.Transport.allCases)
  func fio(_ transport: NbdgenProcess.Transport) throws {
    let server = try ClientDisk.serve(over: transport)
    let outcome = try Program("fio").succeed([
      "--name=job", "--ioengine=nbd", "--uri=\(server.uri)", "--rw=randread", "--randseed=7",
      "--bsrange=512-128k", "--iodepth=32", "--size=8M", "--io_size=32M", "--output-format=json",
    ])
    #expect(outcome.text.contains("\"error\" : 0,"))
    let total = outcome.text.firstMatch(of: /"io_bytes" : ([0-9]+)/).flatMap { Int($0.1) }
    #expect((total ?? 0) >= 31 << 20, "\(outcome)")
    try server.stop()
  }
}
