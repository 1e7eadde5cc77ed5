import Foundation
import TestSupport
import Testing

/// A command that a disk is served for: `--run`.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct RunTests {
  @Test(
    "The command's end is nbdgen's",
    arguments: [
      ("true", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143),
      ("kill -2 $$", 130), ("no-such-command 2>/dev/null", 127), ("", 0),
      ("sleep 0.2; exit 3", 3),
    ] as [(String, Int32)]
  )
  func status(_ command: String, _ status: Int32) throws {
    let scene = try Scene()
    for place in [["-U", "-"], ["-U", scene("socket")], ["-p", "0"]] {
      let outcome = try scene.run(place + ["--run", command, "linuxdisk", "tree"])
      #expect(outcome.status == status, "\(outcome)")
      #expect(outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("Scripts that the command starts see the variables")
  func variables() throws {
    var scene = try Scene()
    let script = """
      #!/bin/sh
      printf '%s\\n' "$uri" "$nbd" "$unixsocket" "$port" "$exportname" "${TMPDIR}"
      """
    try RawPath(scene("script")).write(Array(script.utf8))
    try RawPath(scene("script")).setPermissions(0o755)
    try scene.settle()
    let command = ["-e", "a b", "--run", "./script", "linuxdisk", "tree"]

    let unix = try scene.run(["-U", "-"] + command)
    #expect(unix.status == 0 && unix.errors.isEmpty, "\(unix)")
    try #require(unix.lines.count == 6)
    let socket = unix.lines[2]
    #expect(unix.lines[0] == "nbd+unix:///a%20b?socket=\(socket)")
    #expect(unix.lines[1] == unix.lines[0])
    #expect(socket.hasPrefix(scene("tmp") + "/") && socket.hasSuffix("/socket"))
    #expect(Array(unix.lines[3...]) == ["", "a b", scene("tmp")])

    // A relative path is one that other directories know, too.
    let relative = try scene.run(["-U", "socket"] + command)
    try #require(relative.lines.count == 6, "\(relative)")
    #expect(relative.lines[2] == scene("socket"))

    let tcp = try scene.run(["-p", "0"] + command)
    try #require(tcp.lines.count == 6, "\(tcp)")
    let port = try #require(Int(tcp.lines[3]))
    #expect(port > 0)
    #expect(tcp.lines[0] == "nbd://localhost:\(port)/a%20b")
    #expect(tcp.lines[2] == "")
    #expect(try scene.leftovers() == [])
  }

  @Test("The command's input and output are its own")
  func streams() throws {
    let scene = try Scene()
    let nbdgen = try scene.nbdgen()
    let line = "cat; echo out; echo err >&2; cd /; nbdinfo --size \"$uri\" >/dev/null"
    let words = ["-U", "-", "--run", line, "linuxdisk", "tree"]
    let outcome = try nbdgen.run(words, input: Array("in\n".utf8))
    #expect(outcome.status == 0)
    #expect(outcome.lines == ["in", "out"])
    #expect(outcome.errorLines == ["err"])
  }

  @Test("Only the user may enter the socket's directory")
  func permissions() throws {
    let scene = try Scene()
    let line = "stat -c %a \"$(dirname \"$unixsocket\")\""
    let outcome = try scene.run(["-U", "-", "--run", line, "linuxdisk", "tree"])
    #expect(outcome.lines == ["700"], "\(outcome)")
  }

  /// What the command does about a signal.
  enum Habit: String, CaseIterable, Sendable {
    case dies = "exec sleep 60"
    case exits = "trap 'exit 5' TERM INT; echo x; while :; do sleep 0.02; done"
    case ignores = "trap '' TERM INT; echo x; while :; do sleep 0.02; done"
  }

  @Test("A signal ends both", arguments: [SIGTERM, SIGINT], Habit.allCases)
  func signal(_ signal: Int32, _ habit: Habit) throws {
    let scene = try Scene()
    for place in ["-", scene("socket")] {
      let line = "echo $$ >&2; \(habit.rawValue)"
      let words = ["-U", place, "-P", scene("pid"), "--run", line, "linuxdisk", "tree"]
      let running = try scene.nbdgen().start(words)
      let child = try running.errorLine(within: 30) { Int32($0) != nil }
      usleep(50_000)
      running.send(signal)
      let outcome = try running.outcome(within: 5)
      #expect(outcome.status == 128 + signal, "\(outcome)")
      #expect(try scene.leftovers() == [])
      #expect(Self.hasEnded(child), "the command still runs")
    }
  }

  /// Whether a process is gone, or dead and only waits to be buried; soon, at
  /// least.
  private static func hasEnded(_ process: String) -> Bool {
    for _ in 0..<200 {
      let path = "/proc/\(process)/stat"
      let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      if text.isEmpty || text.contains(") Z ") { return true }
      usleep(5000)
    }
    return false
  }
}
