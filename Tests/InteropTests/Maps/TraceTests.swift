import Foundation
import TestSupport
import Testing

/// What `--trace` records of real clients, and what is told of it.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct TraceTests {
  @Test("A copy of all of a disk touches all bytes of all files", arguments: ["mbr", "gpt"])
  func copy(_ layout: String) throws {
    let directory = try TemporaryDirectory()
    let trace = directory("trace")
    let words = ["type=ext4", "layout=\(layout)"]
    let server = try NbdgenProcess(
      ["--trace", trace, "linuxdisk", "\(try ClientDisk.tree())"] + words
    )
    let size = try #require(Int(try Program("nbdinfo").succeed(["--size", server.uri]).lines[0]))
    try Program("nbdcopy").succeed(["--no-extents", server.uri, "null:"])
    try server.stop()
    let lines = try TraceLine.lines(trace)
    #expect(lines.first?.event == "start" && lines.last?.event == "end")
    #expect(lines.last?.dropped == 0)
    let reads = lines.filter { $0.event == "read" }
    #expect(reads.allSatisfy { ($0.time_us ?? -1) >= 0 && ($0.request ?? 0) > 0 })
    var end = 0
    for read in reads.sorted(by: { ($0.offset ?? 0) < ($1.offset ?? 0) }) {
      #expect(read.offset == end)
      end = (read.offset ?? 0) + (read.size ?? 0)
    }
    #expect(end == size)
    let summary = try TraceSums.lines(trace)
    let sums = try #require(summary.first)
    #expect(sums.read_bytes == size && sums.touched_files == sums.files)
    #expect(sums.touched_file_bytes == sums.file_bytes && (sums.file_bytes ?? 0) > 1_000_000)
    #expect(sums.reads == lines.last?.reads)
  }

  @Test("A read is recorded for the files that it touches, and for no others")
  func parts() throws {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    for name in ["a", "b", "c"] { try (tree / name).write([UInt8](repeating: 9, count: 9000)) }
    let words = ["linuxdisk", "\(tree)", "type=ext4", "layout=none"]
    let map = try MapLine.lines(["map", "--json"] + words)
    let file = try #require(map.first { $0.path == "/b" && $0.kind == "file" })
    let server = try NbdgenProcess(["--trace", directory("trace")] + words)
    let client = try NBDTestClient.connect(try server.endpoint())
    for _ in 0..<3 { _ = try client.read(offset: UInt64(file.offset + 50), length: 100) }
    _ = try client.read(offset: UInt64(file.offset + 100), length: 200)
    _ = try client.read(offset: 1030, length: 1)
    try client.disconnect()
    #expect(try client.isAtEOF(within: 10))
    client.close()
    try server.stop()
    let summary = try TraceSums.lines(directory("trace"))
    #expect(summary.count == 3, "\(summary)")
    #expect(summary[0].reads == 5 && summary[0].read_bytes == 501)
    #expect(summary[0].touched_files == 1 && summary[0].touched_file_bytes == 250)
    #expect(summary[0].files == 3 && summary[0].file_bytes == 27_000)
    #expect(summary[1].path == "/b" && summary[1].reads == 4 && summary[1].file_size == 9000)
    #expect(summary[1].touched_bytes == 250 && summary[2].kind == "superblock")
    let text = try Program.nbdgen().succeed(["trace", "summary", directory("trace")]).text
    #expect(text.contains("touched: 1 of 3 files (33.3 %), 250 bytes of 26.3 KiB"), "\(text)")
  }

  @Test("Of a file of exports, each read is recorded with its export, and summed up there")
  func exports() throws {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    for (name, size) in [("a", 9000), ("b", 70_000)] {
      try (tree / name).write([UInt8](repeating: 9, count: size))
    }
    let text = """
      exports:
        - {name: unused, generator: linuxdisk, parameters: [absent]}
        - {name: one, generator: linuxdisk, parameters: [tree, type=ext4]}
        - {name: two/ü, generator: floppy, parameters: [tree]}
        - {name: mine, generator: info, parameters: [exportname]}
      """
    try RawPath(directory("e.yaml")).write(Array(text.utf8))
    let trace = directory("trace")
    let server = try NbdgenProcess(["--trace", trace, "serve", directory("e.yaml")])
    let names = ["mine", "two/ü", "one"]
    var sizes: [Int] = []
    for path in ["mine", "two/%C3%BC", "one"] {
      let uri = server.uri.replacing("nbd+unix:///", with: "nbd+unix:///\(path)")
      try Program("nbdcopy").succeed(["--no-extents", uri, "null:"])
      sizes.append(try #require(Int(try Program("nbdinfo").succeed(["--size", uri]).lines[0])))
    }
    // Disks that are built anew are told of anew.
    server.running.send(SIGHUP)
    let deadline = ContinuousClock.now + .seconds(30)
    while try !server.log().contains(where: { $0.contains("was read anew") }) {
      try #require(ContinuousClock.now < deadline)
      usleep(5000)
    }
    let client = try NBDTestClient.connect(server.endpoint(), exportName: "one")
    _ = try client.read(offset: 1030, length: 1)
    client.close()
    try server.stop()

    let lines = try TraceLine.lines(trace)
    #expect(lines.first?.exports == 4 && lines.last?.event == "end" && lines.last?.dropped == 0)
    #expect(lines.filter { $0.event == "export" }.map(\.export) == names + ["one"])
    var known: Set<String> = []
    for line in lines.dropFirst().dropLast() {
      let name = try #require(line.export)
      if line.event == "export" { known.insert(name) } else { #expect(known.contains(name)) }
    }
    for (name, size) in zip(names, sizes) {
      var end = 0
      let reads = lines.filter { $0.event == "read" && $0.export == name && $0.size != 1 }
      for read in reads.sorted(by: { ($0.offset ?? 0) < ($1.offset ?? 0) }) {
        #expect(read.offset == end, "\(name)")
        end = (read.offset ?? 0) + (read.size ?? 0)
      }
      #expect(end == size, "\(name)")
    }
    // The map of one is not that of another.
    let map = try MapLine.lines(["map", "--json", "linuxdisk", "\(tree)", "type=ext4"])
    let file = try #require(map.first { $0.path == "/b" && $0.kind == "file" })
    let first = lines.first { $0.export == "one" && $0.path == "/b" && $0.kind == "file" }
    #expect(first?.offset == file.offset)

    let summary = try TraceSums.lines(trace)
    #expect(summary[0].exports == 3 && summary[0].read_bytes == sizes.reduce(1, +))
    #expect(summary[0].files == 4 && summary[0].touched_files == 4)
    let sums = summary.dropFirst().filter { $0.kind == nil }
    #expect(Set(sums.map(\.export)) == Set(names))
    for (name, size) in zip(names, sizes) where name != "mine" {
      let sum = try #require(sums.first { $0.export == name })
      #expect(sum.read_bytes == size + (name == "one" ? 1 : 0))
      #expect(sum.files == 2 && sum.touched_file_bytes == 79_000 && sum.file_bytes == 79_000)
      let paths = summary.filter { $0.export == name && $0.path != nil && $0.kind == "file" }
      #expect(paths.map(\.path) == ["/b", "/a"])
    }
    let words = ["trace", "summary", "--svg", directory("svg"), trace]
    try Program.nbdgen().succeed(words)
    let picture = try String(contentsOfFile: directory("svg"), encoding: .utf8)
    #expect(picture.contains(">one: /b<") && picture.contains(">two/ü: /b<"))
    let report = try Program.nbdgen().succeed(["trace", "summary", trace])
    #expect(report.lines[0].hasPrefix("4 exports of "), "\(report)")
    let heads = report.lines.filter { $0.hasPrefix("export \"") }
    #expect(heads.count == 3 && heads.last?.hasPrefix("export \"mine\", ") == true, "\(report)")
  }

  @Test("A disk that is a client's own is traced, too")
  func session() throws {
    let directory = try TemporaryDirectory()
    let server = try NbdgenProcess(["--trace", directory("trace"), "info", "exportname"])
    try Program("nbdcopy").succeed([server.uri + "", "null:"])
    try server.stop()
    let lines = try TraceLine.lines(directory("trace"))
    #expect(lines.contains { $0.event == "connect" } && lines.last?.event == "end")
  }
}
