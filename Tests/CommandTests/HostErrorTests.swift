import Foundation
import TestSupport
import Testing

/// Command lines that are right, on a host that refuses.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct HostErrorTests {
  /// Expects one line, and nothing left behind, on a temporary socket as well as
  /// on one of this name.
  private func expectRefusal(
    _ scene: Scene,
    _ tree: String,
    saying fragments: [String]
  ) throws {
    for place in ["-", scene("socket")] {
      let options = ["-U", place, "-P", scene("pid"), "--run", "touch ran"]
      let outcome = try scene.run(options + ["linuxdisk", tree])
      expectOneLine(outcome, status: 1, saying: fragments)
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("A directory that is none is named")
  func directory() throws {
    var scene = try Scene()
    try RawPath(scene("nowhere")).makeSymbolicLink(to: "nothing")
    try RawPath(scene("fifo")).makeNode(0o010644)
    try scene.settle()
    try expectRefusal(scene, "missing", saying: ["linuxdisk: missing: ", "No such file"])
    try expectRefusal(scene, scene("a/b"), saying: [scene("a/b"), "No such file"])
    try expectRefusal(scene, "no\nsuch", saying: ["no\\nsuch"])
    try expectRefusal(scene, "nowhere", saying: ["nowhere", "No such file"])
    try expectRefusal(scene, "file", saying: ["linuxdisk: file: ", "Not a directory"])
    try expectRefusal(scene, "fifo", saying: ["linuxdisk: fifo: ", "Not a directory"])
    let long = String(repeating: "x", count: 300)
    try expectRefusal(scene, long, saying: ["File name too long"])
  }

  @Test("What may not be read is named", arguments: ["file", "folder", "sparse"])
  func unreadable(_ name: String) throws {
    var scene = try Scene()
    let tree = RawPath(scene("other-tree"))
    try tree.makeDirectory()
    try (tree / "file").write([1])
    try (tree / "folder").makeDirectory()
    try (tree / "folder/file").write([2])
    try (tree / "sparse").write([], size: 1 << 20)
    try (tree / name).setPermissions(0)
    if MixedTree.isPrivileged {
      // For a user to whom nothing of this belongs, but who may write here.
      try RawPath(scene("")).setPermissions(0o777)
      try RawPath(scene("tmp")).setPermissions(0o777)
    }
    try scene.settle()

    for place in ["-", scene("socket")] {
      let nbdgen = try scene.nbdgen()
      let arguments = ["-U", place, "--run", "touch ran", "linuxdisk", "\(tree)"]
      let outcome =
        try MixedTree.isPrivileged
        ? unprivileged(nbdgen, arguments) : nbdgen.run(arguments, timeout: 30)
      expectOneLine(outcome, status: 1, saying: ["other-tree/\(name): ", "Permission denied"])
      #expect(try scene.leftovers() == [])
    }
  }

  /// Runs the command as a user that nothing belongs to; it may be where only
  /// root may enter, so it is copied.
  private func unprivileged(_ nbdgen: Program, _ arguments: [String]) throws -> Outcome {
    let copy = try TemporaryDirectory()
    try Program("cp").succeed([nbdgen.path, copy("nbdgen")])
    try RawPath(copy("nbdgen")).setPermissions(0o755)
    var setpriv = try Program("setpriv", environment: nbdgen.environment)
    setpriv.directory = nbdgen.directory
    let words = ["--reuid", "65534", "--regid", "65534", "--clear-groups", copy("nbdgen")]
    return try setpriv.run(words + arguments, timeout: 30)
  }

  @Test("A port that is taken is named")
  func busyPort() throws {
    let scene = try Scene()
    let first = try NbdgenProcess(["linuxdisk", scene("tree")], over: .tcp)
    let port = try #require(URL(string: first.uri)?.port)
    for options in [["-p", "\(port)"], ["-p", "\(port)", "-i", "127.0.0.1"]] {
      let words = options + ["-P", scene("pid"), "--run", "touch ran", "linuxdisk", "tree"]
      expectOneLine(try scene.run(words), status: 1, saying: ["\(port)", "another program"])
      #expect(try scene.leftovers() == [])
    }
    try Program("nbdinfo").succeed(["--size", first.uri])
    try first.stop()
  }

  @Test("An address that is not the host's is named", arguments: ["192.0.2.1", "no.such.invalid"])
  func address(_ address: String) throws {
    let scene = try Scene()
    let words = ["-i", address, "-p", "0", "--run", "touch ran", "linuxdisk", "tree"]
    expectOneLine(try scene.run(words), status: 1, saying: [address])
    #expect(try scene.leftovers() == [])
  }

  @Test("A socket's path that is taken is named, and what is there stays")
  func existingPath() throws {
    let scene = try Scene()
    let served = try TemporaryDirectory()
    let socket = served("live")
    let nbdgen = try scene.nbdgen().start(["-U", socket, "linuxdisk", "tree"])
    _ = try nbdgen.errorLine(within: 30) { $0.contains(socket) }
    for path in [socket, scene("file"), scene("tree")] {
      let words = ["-U", path, "-P", scene("pid"), "--run", "touch ran", "linuxdisk", "tree"]
      expectOneLine(try scene.run(words), status: 1, saying: [path])
      #expect(try scene.leftovers() == [])
    }
    try Program("nbdinfo").succeed(["--size", "nbd+unix:///?socket=\(socket)"])
    nbdgen.send(SIGTERM)
    #expect(try nbdgen.outcome(within: 5).status == 0)
    #expect(!FileManager.default.fileExists(atPath: socket))
  }

  @Test("A socket's path has at most 107 bytes")
  func longPath() throws {
    let scene = try Scene()
    for size in [107, 108, 200] {
      let prefix = scene("s")
      let path = prefix + String(repeating: "s", count: size - prefix.utf8.count)
      let words = ["-U", path, "--run", "nbdinfo --size \"$uri\"", "linuxdisk", "tree"]
      let outcome = try scene.run(words)
      if size == 107 {
        #expect(outcome.status == 0, "\(outcome)")
      } else {
        expectOneLine(outcome, status: 1, saying: [path, "107", "\(size)"])
      }
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("A place for sockets and other files that is none is named")
  func noPlace() throws {
    let scene = try Scene()
    let words = ["--run", "touch ran", "linuxdisk", "tree"]
    expectOneLine(
      try scene.run(["-U", "no/socket"] + words),
      status: 1,
      saying: ["no/socket"]
    )
    expectOneLine(
      try scene.run(["-U", "-", "-P", "no/pid"] + words),
      status: 1,
      saying: ["no/pid", "No such file"]
    )
    let outcome = try scene.run(["-U", "-"] + words, environment: ["TMPDIR": scene("none")])
    expectOneLine(outcome, status: 1, saying: ["-U -", scene("none")])
    #expect(try scene.leftovers() == [])
  }

  @Test("A temporary directory of too long a path is not left behind")
  func longTemporaryPath() throws {
    var scene = try Scene()
    let folder = scene(String(repeating: "t", count: 100))
    try RawPath(folder).makeDirectory()
    try scene.settle()
    let words = ["-U", "-", "--run", "touch ran", "linuxdisk", "tree"]
    let outcome = try scene.run(words, environment: ["TMPDIR": folder])
    expectOneLine(outcome, status: 1, saying: [folder, "107"])
    #expect(try scene.leftovers() == [])
  }
}
