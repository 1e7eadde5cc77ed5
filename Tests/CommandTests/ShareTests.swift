import Foundation
import TestSupport
import Testing

/// Small disks that are handed around as names: `nbdgen share`.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct ShareTests {
  /// What was printed.
  private struct Advice {
    /// The comment at the start.
    var comment: String
    /// The line that serves and boots the disk.
    var run: String
    /// The line that starts a server for many.
    var server: String
    var uri: String
    /// The line that has qemu use that server.
    var qemu: String
  }

  private static func share(_ scene: Scene, _ words: [String]) throws -> Advice {
    let outcome = try scene.run(["share"] + words)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    var rest = outcome.text[...]
    func take(until mark: String) throws -> String {
      let range = try #require(rest.range(of: mark), "\(outcome)")
      defer { rest = rest[range.upperBound...] }
      return String(rest[..<range.lowerBound])
    }
    let advice = Advice(
      comment: try take(until: "\n# serve and boot it:\n"),
      run: try take(until: "\n# or run a server that holds nothing:\n"),
      server: try take(until: "\n# whose clients bring the disk, by URI:\n"),
      uri: try take(until: "\n# in qemu:\n"),
      qemu: try take(until: "\n")
    )
    // A name may be of many lines.
    return rest.isEmpty ? advice : try share(outcome.text, advice)
  }

  private static func share(_ text: String, _ advice: Advice) throws -> Advice {
    var advice = advice
    let start = try #require(text.range(of: "\n# in qemu:\n"))
    advice.qemu = String(text[start.upperBound...].dropLast())
    return advice
  }

  /// A shell that finds the command, in the scene's directory.
  private static func shell(_ scene: Scene) throws -> Program {
    let folder = URL(fileURLWithPath: try Program.nbdgen().path).deletingLastPathComponent().path
    let variables = ["PATH": "\(folder):/usr/bin:/bin:/usr/sbin:/sbin", "TMPDIR": scene("tmp")]
    return try Program("/bin/sh", environment: variables, directory: scene(""))
  }

  /// Follows all of the advice, and compares what comes of it with a file.
  private static func follow(_ advice: Advice, _ scene: Scene, _ wanted: String) throws {
    let shell = try shell(scene)
    let boot = "qemu-system-i386 -drive file=\"$uri\",format=raw,snapshot=on"
    #expect(advice.run.contains(boot))
    let line = advice.run.replacing(boot, with: "nbdcopy \"$uri\" booted")
    let outcome = try shell.run(["-c", line])
    try #require(outcome.status == 0 && outcome.errors.isEmpty, "\(line): \(outcome)")
    try Program("cmp").succeed([scene("booted"), wanted])

    let server = try shell.start(["-c", "exec \(advice.server)"])
    _ = try server.errorLine(within: 60) { $0.contains("; in qemu: ") }
    try Program("nbdcopy").succeed([advice.uri, scene("copied")])
    try Program("cmp").succeed([scene("copied"), wanted])

    // qemu rounds sizes up.
    let drive = "qemu-system-i386 -drive "
    #expect(advice.qemu.hasPrefix(drive))
    let words = advice.qemu.dropFirst(drive.count)
      .replacing("snapshot=on,format=raw,", with: "driver=raw,", maxReplacements: 1)
    let image = "qemu-img convert -O raw --image-opts \(words) converted"
    let conversion = try shell.run(["-c", image])
    #expect(conversion.status == 0, "\(image): \(conversion)")
    let size = try RawPath(wanted).facts().size
    #expect(try RawPath(scene("converted")).facts().size == (size + 511) / 512 * 512)
    try Program("truncate").succeed(["-s", "\(size)", scene("converted")])
    try Program("cmp").succeed([scene("converted"), wanted])

    let options = " -display none -S -monitor stdio"
    let emulator = try shell.run(["-c", advice.qemu + options], input: Array("quit\n".utf8))
    #expect(emulator.status == 0, "\(emulator)")
    server.send(SIGTERM)
    #expect(try server.outcome(within: 10).status == 0)
    for name in ["booted", "copied", "converted"] { try RawPath(scene(name)).remove() }
  }

  /// A port of this host on which nothing listens.
  private static func freePort() throws -> String {
    let server = try NbdgenProcess(["info"], over: .tcp)
    let port = try #require(URL(string: server.uri)?.port)
    try server.stop()
    return "\(port)"
  }

  @Test("A small file comes back, byte for byte", arguments: [0, 1, 2, 3, 511, 512, 3072])
  func file(_ size: Int) throws {
    var scene = try Scene()
    var random = SeededGenerator(seed: UInt64(size))
    let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
    // The name that a shell would take apart is none that clients see.
    let name = "a 'file', of \(size) bytes"
    try RawPath(scene(name)).write(bytes)
    try scene.settle()
    let advice = try Self.share(scene, ["-p", Self.freePort(), name])
    #expect(advice.comment.hasPrefix("# \(size) bytes as "))
    try Self.follow(advice, scene, scene(name))
    #expect(try scene.leftovers() == [])
  }

  @Test("A large file of which little is not zero comes back as an expression")
  func sparseFile() throws {
    let scene = try Scene()
    var random = SeededGenerator(seed: 1)
    let sector = random.bytes(510) + [0x55, 0xAA]
    try RawPath(scene("sparse")).write([(0, sector), (700_000, [1])], size: 1 << 20)
    let advice = try Self.share(scene, ["--port", Self.freePort(), scene("sparse")])
    #expect(advice.comment.hasPrefix("# 1048576 bytes as a data expression, "))
    #expect(advice.server.hasSuffix(" info data"))
    try Self.follow(advice, scene, scene("sparse"))
  }

  @Test("Bytes whose Base64 looks like an option come back")
  func dash() throws {
    let scene = try Scene()
    try RawPath(scene("dash")).write([0xFB, 0xEF, 0xBE, 0xF9, 0x11, 0x97, 0x55, 0x66, 0x99, 0x83])
    let advice = try Self.share(scene, ["-p", Self.freePort(), "dash"])
    #expect(advice.uri.contains("/--"))
    try Self.follow(advice, scene, scene("dash"))
  }

  nonisolated private static let expressions = [
    "0x55*512", "1", "@1M", "(1 2)->\\a \\a*100 @=200 @^512", "\"a, b\"*100", "\",,=,,\"*20",
    "\"it's $(touch ran) `touch ran` $HOME; & | > < * ? # ! ~ [x] {y}\"*30",
    "\"%41%2C?socket=/x&y#z+\"*40", "\"é\u{2028}€\"*50", "\"\\\\ \\\" \\x00\\n\"*60",
    "1*100\n2*100\n", "\t7*99\t# a comment\n", "<short*200",
    "(\"two  blanks\" @+9)[3:]*77", "\",file.port=1\"*99",
  ]

  @Test("An expression comes back as the disk that it is", arguments: expressions)
  func expression(_ expression: String) throws {
    let scene = try Scene()
    try RawPath(scene("short")).write(Array("short, ".utf8))
    let copy = ["-U", "-", "data", expression, "--run", "nbdcopy \"$uri\" wanted"]
    let outcome = try scene.run(copy)
    #expect(outcome.status == 0, "\(outcome)")
    let advice = try Self.share(scene, ["-p", Self.freePort(), expression])
    #expect(!advice.run.contains("<short"))
    try Self.follow(advice, scene, scene("wanted"))
    #expect(!FileManager.default.fileExists(atPath: scene("ran")))
  }

  @Test("A file is meant before an expression of the same name")
  func fileBeforeExpression() throws {
    let scene = try Scene()
    try RawPath(scene("0")).write([9, 8, 200])
    #expect(try Self.share(scene, ["0"]).uri == "nbd://localhost:10809/CQjI")
    #expect(try Self.share(scene, ["0 "]).uri.contains("10809/0"))
  }

  @Test("The host is where the URI and qemu look", arguments: ["127.0.0.1", "::1"])
  func host(_ host: String) throws {
    let scene = try Scene()
    let advice = try Self.share(scene, ["--host", host, "-p", Self.freePort(), "1*512"])
    #expect(advice.uri.hasPrefix("nbd://\(host.contains(":") ? "[\(host)]" : host):"))
    try RawPath(scene("wanted")).write([UInt8](repeating: 1, count: 512))
    try Self.follow(advice, scene, scene("wanted"))
  }

  @Test("What cannot be shared is told in one line")
  func mistakes() throws {
    let scene = try Scene()
    var random = SeededGenerator(seed: 2)
    let bytes = (0..<3073).map { _ in UInt8.random(in: 0...255, using: &random) }
    try RawPath(scene("large")).write(bytes)
    try RawPath(scene("loop")).makeSymbolicLink(to: "loop")
    for (words, status, fragments) in [
      (["large"], 2, ["3073 bytes does not fit", "4096"]),
      (["tree"], 1, ["tree: not a regular file"]), (["."], 1, ["not a regular file"]),
      (["/dev/null"], 1, ["/dev/null: not a regular file"]), (["loop"], 1, ["loop: "]),
      ([], 2, ["Missing", "file|expression"]), (["1", "2"], 2, ["'2'"]),
      (["-p", "65536", "1"], 2, ["65536"]), (["-p", "-1", "1"], 2, ["-p"]),
      (["-p", "http", "1"], 2, ["http"]), (["--frob", "1"], 2, ["--frob"]),
    ] as [([String], Int32, [String])] {
      expectOneLine(try scene.run(["share"] + words), status: status, saying: fragments)
    }
  }

  @Test(
    "A name that is neither a file nor an expression is told so",
    arguments: ["absent", "file/below", String(repeating: "long", count: 1500), "(1 2", "0x100"]
  )
  func neither(_ subject: String) throws {
    let scene = try Scene()
    let outcome = try scene.run(["share", subject])
    #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome)")
    let start = "nbdgen: share: there is no file of this name, and as an expression:"
    #expect(outcome.errorLines.first == start, "\(outcome)")
    #expect((2...4).contains(outcome.errorLines.count), "\(outcome)")
  }

  @Test("It is explained", arguments: ["-h", "--help"])
  func help(_ word: String) throws {
    let outcome = try Scene().run(["share", word])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.text.contains("--host") && outcome.text.contains("--port"), "\(outcome)")
  }
}
