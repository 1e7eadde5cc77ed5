import Foundation
import TestSupport
import Testing

/// `nbdgen serve EXPORTS.yaml`, as clients see it.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct ServeFileTests {
  /// A directory with a tree and a file of exports.
  private func directory(_ extra: String = "") throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let tree = RawPath(directory("tree"))
    try tree.makeDirectory()
    var random = SeededGenerator(seed: 90)
    for number in 0..<20 { try (tree / "f\(number)").write(random.bytes(number * 3000)) }
    try write(
      """
      exports:
        - name: root
          description: |
            what the lab boots from
          generator: linuxdisk
          parameters: {dir: [tree, tree], type: ext4, size: +10M}
        - name: a b/ü?
          generator: floppy
          parameters: [tree, {label: LAB}, layout=none]
          built: at-start
        - {name: bytes, generator: data, parameters: {data: '0x55*512 @1M 7'}}
        - {name: broken, generator: linuxdisk, parameters: {dir: nowhere}, built: at-start}
        - {name: you, generator: info, parameters: {mode: connection}}
      \(extra)
      """,
      in: directory
    )
    return directory
  }

  private func write(_ text: String, in directory: TemporaryDirectory) throws {
    try RawPath(directory("new")).write(Array(text.utf8))
    try RawPath(directory("new")).rename(to: RawPath(directory("exports.yaml")))
  }

  @Test("Each export holds what the same parameters make alone, wherever nbdgen is started")
  func contents() throws {
    let directory = try directory()
    let nbdgen = try Program.nbdgen().path
    let line = """
      cd / && \(nbdgen) -U - -q serve \(directory("exports.yaml")) --run '
        for name in root bytes "a%20b/%C3%BC%3F"; do
          nbdcopy "nbd+unix:///$name?socket=$unixsocket" - | sha256sum | cut -c-64
        done; pwd'
      """
    let outcome = try Program.shell(line, directory: "/")
    let disks = [
      "linuxdisk tree tree type=ext4 size=+10M", "data '0x55*512 @1M 7'",
      "floppy tree label=LAB layout=none",
    ]
    let alone = try disks.map { disk in
      let line = "\(nbdgen) -q -U - \(disk) --run 'nbdcopy \"$uri\" - | sha256sum | cut -c-64'"
      return try #require(try Program.shell(line, directory: directory.path).lines.first)
    }
    // The command runs where the user is.
    #expect(outcome.lines == alone + ["/"], "\(outcome)")
    let digests = try Program.nbdgen().run(["digest", "--exports", directory("exports.yaml")])
    for (digest, name) in zip(alone, ["root", "bytes", "a b/ü?"]) {
      #expect(digests.lines.contains("\(digest)  \(name)"), "\(digests)")
    }
    #expect(digests.status == 2, "\(digests)")
  }

  @Test("Clients list names and descriptions; one that cannot be built leaves the others alone")
  func list() throws {
    let directory = try directory()
    let server = try NbdgenProcess(["-v", "serve", directory("exports.yaml")])
    let client = try NBDTestClient.negotiating(server.endpoint())
    #expect(
      try client.listExports().map(\.name) == ["root", "a b/ü?", "bytes", "broken", "you"]
    )
    #expect(try client.listExports().first?.description == "what the lab boots from")
    // Nobody asked for it so far.
    #expect(try !server.log().contains { $0.contains("\"root\" is built") })
    #expect(try server.log().contains { $0.contains("\"a b/ü?\" is built") })
    for _ in 0..<3 {
      #expect(throws: OptionRefused.self) { try client.info(name: "broken") }
      #expect(throws: OptionRefused.self) { try client.info(name: "neither") }
    }
    do {
      _ = try client.info(name: "broken")
    } catch let refusal as OptionRefused {
      #expect("\(refusal)".contains("nowhere: No such file"), "\(refusal)")
    }
    let complaints = try server.log().filter { $0.contains("\"broken\" cannot be built") }
    #expect(complaints.count == 1, "\(complaints)")
    #expect(complaints.first?.contains("exports.yaml:") == true, "\(complaints)")
    // It is there now.
    try RawPath(directory("nowhere")).makeDirectory()
    #expect(try client.info(name: "broken").size > 0)
    // The first is the default.
    #expect(try client.info(name: "").size == client.info(name: "root").size)
    let description = try NBDTestClient.connect(server.endpoint(), exportName: "you")
    #expect(
      try description.read(offset: 0, length: 20).bytes == Array("export name: \"you\", ".utf8)
    )
    let nbdinfo = try Program("nbdinfo").run(["--list", server.uri])
    #expect(nbdinfo.text.contains("export=\"a b/ü?\""), "\(nbdinfo)")
    try server.stop()
  }

  @Test("-e says which export clients get that name none")
  func defaultExport() throws {
    let directory = try directory()
    let server = try NbdgenProcess(["-e", "bytes", "serve", directory("exports.yaml")])
    #expect(server.uri.contains("/bytes?"))
    let client = try NBDTestClient.connect(server.endpoint())
    #expect(try client.read(offset: 0, length: 2).bytes == [0x55, 0x55])
    try server.stop()
    let wrong = try Program.nbdgen().run(["-e", "byts", "serve", directory("exports.yaml")])
    #expect(wrong.status == 2 && "\(wrong)".contains("did you mean bytes?"), "\(wrong)")
  }

  @Test("SIGHUP has new clients see new disks, and old ones keep theirs")
  func renewal() throws {
    let directory = try TemporaryDirectory()
    try RawPath(directory("content")).write(Array("old".utf8))
    func exports(_ names: String...) -> String {
      "exports:\n"
        + names.map {
          "- {name: \($0), generator: data, parameters: ['<content'], built: at-start}\n"
        }
        .joined()
    }
    try write(exports("a", "b"), in: directory)
    let log = directory("log")
    let server = try NbdgenProcess(["--log-file", log, "serve", directory("exports.yaml")])
    // An independent client, which reads when it is told to, and says what.
    let script = """
      import os, time
      h.set_export_name("a")
      h.connect_unix("\(try #require(server.socket))")
      print(h.pread(h.get_size(), 0).decode(), flush=True)
      while not os.path.exists("\(directory("go"))"): time.sleep(0.01)
      print(h.pread(h.get_size(), 0).decode(), flush=True)
      """
    let old = try Program("nbdsh").start(["-c", script])
    try wait { try old.outcomeSoFar().lines == ["old"] }

    func content(_ name: String) throws -> String {
      let client = try NBDTestClient.connect(server.endpoint(), exportName: name)
      return String(decoding: try client.read(offset: 0, length: 3).bytes, as: UTF8.self)
    }
    func logged(_ text: String) throws -> Int {
      try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        .count { $0.contains(text) }
    }
    #expect(try content("b") == "old")
    try RawPath(directory("content2")).write(Array("new".utf8))
    try write(exports("c", "a").replacing("<content", with: "<content2"), in: directory)
    #expect(try content("b") == "old")
    // The log is opened anew as well.
    try RawPath(log).rename(to: RawPath(directory("log.old")))
    server.running.send(SIGHUP)
    try wait { (try? content("c")) == "new" }
    #expect(try content("a") == "new")
    #expect(throws: OptionRefused.self) { try content("b") }
    let client = try NBDTestClient.negotiating(server.endpoint())
    #expect(try client.listExports().map(\.name) == ["c", "a"])
    #expect(try logged("read anew: 2 exports") == 1)
    try RawPath(directory("go")).write()
    #expect(try old.outcome(within: 20).lines == ["old", "old"])

    // A broken file changes nothing.
    try write("exports:\n- {name: d, generator: dota}\n", in: directory)
    server.running.send(SIGHUP)
    try wait { try logged("the exports stay as they were") == 1 }
    #expect(try logged("exports.yaml:2:24: ") == 1)
    #expect(try content("c") == "new")
    try write(exports("e"), in: directory)
    server.running.send(SIGHUP)
    try wait { (try? content("e")) == "old" }
    #expect(try server.stop() == 0)
  }

  private func wait(until isSo: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !isSo() {
      guard ContinuousClock.now < deadline else { throw ToolFailure("it does not come about") }
      usleep(5000)
    }
  }

  /// Serves so many exports, each of which begins with the lowest byte of its number.
  private func server(
    _ count: Int,
    brokenOne: Int? = 77,
    in directory: TemporaryDirectory
  ) throws -> NbdgenProcess {
    let exports = (0..<count).map { number in
      """
      - name: machines/lab-\(number)/root
        description: the root filesystem of lab machine \(number)
        generator: \(number == brokenOne ? "linuxdisk" : "data")
        parameters: {\(number == brokenOne ? "dir: nowhere" : "data: '\(number % 256) @1M'")}
      """
    }
    try write("exports:\n" + exports.joined(separator: "\n") + "\n", in: directory)
    return try NbdgenProcess(["serve", directory("exports.yaml")])
  }

  @Test("10,000 exports are listed and served; each that nobody uses takes less than 2 KiB")
  func manyExports() throws {
    let directory = try TemporaryDirectory()
    let few = try server(10, in: directory)
    let fewMemory = try ServerProcess(few).memory("VmRSS")
    try few.stop()
    let count = 10_000
    let many = try server(count, in: directory)
    let memory = try ServerProcess(many).memory("VmRSS")
    #expect((memory - fewMemory) / count < 2048, "\(memory) and \(fewMemory)")
    let client = try NBDTestClient.negotiating(many.endpoint())
    #expect(
      try client.listExports().map(\.name) == (0..<count).map { "machines/lab-\($0)/root" }
    )
    for number in [0, 76, 78, 9_999] {
      let client = try NBDTestClient.connect(
        many.endpoint(),
        exportName: "machines/lab-\(number)/root"
      )
      #expect(try client.read(offset: 0, length: 1).bytes == [UInt8(number % 256)])
    }
    #expect(throws: OptionRefused.self) { try client.info(name: "machines/lab-77/root") }
    let script = """
      h.set_opt_mode(True); h.connect_unix("\(try #require(many.socket))")
      names = []; h.opt_list(lambda name, description: names.append(name))
      print(len(names), names[77]); h.opt_abort()
      """
    let listing = try Program("nbdsh").succeed(["-c", script])
    #expect(listing.lines == ["\(count) machines/lab-77/root"])
    try many.stop()
  }

  @Test("nbdinfo lists 10,000 exports with their sizes, but for one that cannot be built")
  func longListing() throws {
    let directory = try TemporaryDirectory()
    let count = 10_000
    let server = try server(count, in: directory)
    let outcome = try Program("nbdinfo").run(["--list", server.uri], timeout: 120)
    let names = outcome.lines.filter { $0.hasPrefix("export=") }
    let all = (0..<count).map { "export=\"machines/lab-\($0)/root\":" }
    #expect(names == all.filter { !$0.contains("lab-77/") })
    let sizes = outcome.lines.count { $0.contains("export-size: 1048576 ") }
    #expect(sizes == count - 1)
    #expect(outcome.errorLines.count == 1, "\(outcome.errorLines)")
    #expect(outcome.errorLines.first?.contains("machines/lab-77/root") == true)
    // The others are read as if nothing was wrong.
    for number in [0, 78, count - 1] {
      let name = "machines/lab-\(number)/root"
      let uri = server.uri.replacing("nbd+unix:///", with: "nbd+unix:///\(name)")
      let copy = try Program("nbdcopy").succeed([uri, "-"])
      let rest = [UInt8](repeating: 0, count: 1 << 20).dropFirst()
      #expect(copy.output == [UInt8(number % 256)] + rest, "\(number)")
    }
    try server.stop()
  }

  @Test("qemu-nbd lists 2,000 exports with their sizes")
  func longListingOfQemu() throws {
    let directory = try TemporaryDirectory()
    // It stops at the first that cannot be built.
    let server = try server(2000, brokenOne: nil, in: directory)
    let socket = try #require(server.socket)
    let outcome = try Program("qemu-nbd").succeed(["--list", "-k", socket], timeout: 120)
    let names = outcome.lines.filter { $0.hasPrefix(" export: ") }
    #expect(names == (0..<2000).map { " export: 'machines/lab-\($0)/root'" })
    #expect(outcome.lines.count { $0 == "  size:  1048576" } == 2000)
    try server.stop()
  }

  @Test("The files in the documentation and in the help are right")
  func documentation() throws {
    let directory = try TemporaryDirectory()
    for name in ["base", "overlay", "seed"] { try RawPath(directory(name)).makeDirectory() }
    let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(
      contentsOf: top.appendingPathComponent("docs/exports.md"),
      encoding: .utf8
    )
    let blocks = page.components(separatedBy: "```").enumerated()
      .filter { $0.offset % 2 == 1 && !$0.element.hasPrefix("sh") }
      .map { $0.element.drop { $0 != "\n" }.dropFirst() }
    try #require(blocks.count == 2)
    try Program("tar").succeed(["-cf", directory("update.tar"), "-C", directory.path, "seed"])
    try RawPath(directory("local")).makeDirectory()
    let help = try Program.nbdgen().succeed(["help", "exports"]).text
    let example = try #require(help.range(of: "  exports:\n")).lowerBound
    let end = try #require(help.range(of: "\n\n", range: example..<help.endIndex)).lowerBound
    for (text, names) in [
      (String(blocks[0]), ["root", "seed", "stick"]),
      ("exports:\n  - name: x\n    generator: linuxdisk\n" + blocks[1], ["x"]),
      (String(help[example..<end]), ["root", "seed"]),
    ] {
      try write(text, in: directory)
      let digests = try Program.nbdgen().run(["digest", "--exports", directory("exports.yaml")])
      #expect(digests.status == 0, "\(digests)")
      #expect(digests.lines.map { String($0.dropFirst(66)) } == names, "\(digests)")
    }
  }

  @Test("A program is told what is served, and nobody is told with --quiet")
  func announcements() throws {
    let directory = try directory()
    let nbdgen = try Program.nbdgen()
    let file = directory("exports.yaml")
    let running = try nbdgen.start(["-U", directory("s"), "--json", "serve", file])
    try wait { try running.outcomeSoFar().output.last == 10 }
    struct Announcement: Decodable {
      var exports: Int
      var file: String
      var uri: String
      var socket: String
      var pid: Int32
    }
    let output = Data(try running.outcomeSoFar().output)
    let announcement = try JSONDecoder().decode(Announcement.self, from: output)
    #expect(announcement.exports == 5 && announcement.file == file)
    #expect(announcement.socket == directory("s") && announcement.pid == running.process)
    #expect(try Program("nbdinfo").run(["--size", announcement.uri]).status == 0)
    running.send(SIGTERM)
    #expect(try running.outcome(within: 5).status == 0)
    let quiet = try nbdgen.run(["-q", "-U", "-", "-v", "data", "1", "--run", "true"])
    #expect(quiet.status == 0)
    let silent = try nbdgen.start(["-q", "-U", directory("s"), "data", "1"])
    try wait { FileManager.default.fileExists(atPath: directory("s")) }
    silent.send(SIGTERM)
    let outcome = try silent.outcome(within: 5)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.isEmpty, "\(outcome)")
  }
}
