import Foundation
import TestSupport
import Testing

/// How clients get to the server, besides sockets that it makes itself.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct WaysInTests {
  /// Runs a script of libnbd's shell that can start the server itself, as `nbdgen`.
  private func shell(_ script: String) throws -> Outcome {
    let nbdgen = try Program.nbdgen().path
    return try Program("nbdsh").succeed(["-c", "nbdgen = \"\(nbdgen)\"\n" + script], timeout: 60)
  }

  @Test("A client starts it on a socket of its own, and it ends with the client")
  func connectCommand() throws {
    let outcome = try shell(
      """
      for option in ["-s", "--single", "--stdin"]:
          h = nbd.NBD()
          h.connect_command([nbdgen, option, "data", "(1 2 3)*100000"])
          assert h.get_size() == 300000
          assert h.pread(300000, 0) == b"\\x01\\x02\\x03" * 100000
          h.shutdown()
      # A refusal is one, too.
      h = nbd.NBD()
      try:
          h.connect_command([nbdgen, "-s", "data", "("])
          raise AssertionError("it serves nothing")
      except nbd.Error:
          print("right")
      """
    )
    #expect(outcome.lines == ["right"])
  }

  @Test("A client starts it with a socket that listens", arguments: [[], ["-s"]])
  func socketActivation(_ options: [String]) throws {
    let words = options.map { "\"\($0)\", " }.joined()
    let outcome = try shell(
      """
      h = nbd.NBD()
      h.connect_systemd_socket_activation([nbdgen, \(words)"data", "<(echo $LISTEN_FDS$LISTEN_PID)"])
      # What it starts is told nothing of sockets.
      print(h.pread(h.get_size(), 0))
      """
    )
    #expect(outcome.lines == ["bytearray(b'\\n')"])
    let nbdgen = try Program.nbdgen().path
    let command = ["[", nbdgen] + options + ["data", "0x55*1000", "]"]
    #expect(try Program("nbdinfo").succeed(["--size", "--"] + command).lines == ["1000"])
  }

  @Test("Two pipes are a way in, too, and it ends when one does")
  func pipes() throws {
    let directory = try TemporaryDirectory()
    let nbdgen = try Program.nbdgen().path
    // Flags and NBD_OPT_ABORT.
    let client = "printf '\\0\\0\\0\\003IHAVEOPT\\0\\0\\0\\002\\0\\0\\0\\0'"
    let line = "\(client) | \(nbdgen) -s data 1 | cat > \(directory("replies"))"
    try Program("sh").succeed(["-c", line])
    let replies = Array(try Data(contentsOf: URL(fileURLWithPath: directory("replies"))))
    #expect(replies.count == 18 + 20 && replies.starts(with: Array("NBDMAGICIHAVEOPT".utf8)))
    #expect(
      Array(replies[18...]) == [0, 3, 0xE8, 0x89, 4, 0x55, 0x65, 0xA9, 0, 0, 0, 2, 0, 0, 0, 1]
        + [0, 0, 0, 0]
    )
  }

  @Test(
    "What is no way in is said in one line",
    arguments: [
      ("-s -U - data 1", 2, "-s and -U: "), ("-s -p 0 data 1", 2, "-s and -p: "),
      ("-s --run true data 1", 2, "-s and --run: "), ("-s -i ::1 data 1", 2, "-s and -i: "),
      ("-s data 1", 1, "the standard input and output: not a socket or a pair of pipes"),
      ("-p 0 --mode 600 data 1", 2, "--mode: is for a unix socket"),
      ("-U - --limit x data 1", 2, "--limit x: not of the form name=value"),
      (
        "-U - --limit conections=5 data 1", 2,
        "--limit conections=5: there is no such limit; did you"
      ),
      ("-U - --limit options=0 data 1", 2, "--limit options=0: not a number from 1 to 1000000"),
      ("-U - --limit=option-size=1K data 1", 2, "--limit option-size=1K: not a number from 8192"),
      ("-U - --mode 888 data 1", 2, "--mode 888: not a file's mode"),
      ("-U - --mode 1000 data 1", 2, "--mode 1000: not a file's mode"),
    ]
  )
  func refusals(_ line: String, _ status: Int32, _ problem: String) throws {
    let outcome = try Scene().run(line.split(separator: " ").map(String.init))
    #expect(outcome.status == status && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errorLines.first?.hasPrefix("nbdgen: " + problem) == true, "\(outcome)")
  }

  @Test(
    "Sockets that are announced and are none are named",
    arguments: [
      ("1", "descriptor 3: not a stream socket that listens"),
      ("0", "LISTEN_FDS=0: not a number of sockets from 1 to 16"),
      ("17", "LISTEN_FDS=17: not a number of sockets"), ("x", "LISTEN_FDS=x: not a number"),
    ]
  )
  func activationRefusals(_ count: String, _ problem: String) throws {
    let nbdgen = try Program.nbdgen().path
    let line = "export LISTEN_PID=$$ LISTEN_FDS=\(count); exec \(nbdgen) data 1 3</dev/null"
    let outcome = try Program("sh").start(["-c", line]).outcome(within: 20)
    #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errorLines.first?.hasPrefix("nbdgen: " + problem) == true, "\(outcome)")
    // Those of another process do not count.
    let other = "export LISTEN_PID=1 LISTEN_FDS=\(count); exec \(nbdgen) -U - data 1 --run true"
    #expect(try Program("sh").start(["-c", other]).outcome(within: 20).status == 0)
  }

  @Test(
    "A socket's mode is what was asked for, and the user's alone by default",
    arguments: [
      ("", "srw-------"), ("--mode 666", "srw-rw-rw-"), ("--mode=660", "srw-rw----"),
      ("--mode 0", "s---------"),
    ]
  )
  func mode(_ option: String, _ listed: String) throws {
    let options = option.split(separator: " ").map(String.init)
    let command = "ls -l \"$unixsocket\" | cut -c1-10"
    for path in ["-", "sock"] {
      let words = ["-U", path] + options + ["data", "1", "--run", command]
      let outcome = try Scene().run(words)
      #expect(outcome.lines == [listed], "\(outcome)")
    }
  }

  @Test("Limits are what was asked for")
  func limits() throws {
    // A proxy holds the one connection that there may be.
    let command = """
      nbdkit -U proxy -P pid nbd uri="$uri" && sleep 0.3
      nbdsh -c 'h.connect_uri("nbd+unix:///?socket=proxy")' -c 'import os' -c 'h2 = nbd.NBD()' -c '
      try:
          h2.connect_unix(os.environ["unixsocket"])
          print("connected")
      except nbd.Error:
          print("turned away")'
      kill $(cat pid)
      """
    for (limit, answer) in [("connections=1", "turned away"), ("connections=9", "connected")] {
      let outcome = try Scene().run(
        ["-U", "-", "--limit", "options=100", "--limit=\(limit)", "data", "1", "--run", command]
      )
      #expect(outcome.lines == [answer], "\(outcome)")
    }
  }

  @Test("It ends with the process that started it, if it is asked to", arguments: [true, false])
  func parent(_ isAsked: Bool) throws {
    let directory = try TemporaryDirectory()
    let nbdgen = try Program.nbdgen().path
    let option = isAsked ? "--exit-with-parent" : ""
    let line = """
      \(nbdgen) \(option) -U \(directory("sock")) -P \(directory("pid")) data 1 2>/dev/null &
      while ! [ -e \(directory("pid")) ]; do sleep 0.02; done; cat \(directory("pid"))
      """
    let outcome = try Program("sh").succeed(["-c", line])
    let process = try #require(outcome.lines.first.flatMap { Int32($0) })
    let deadline = ContinuousClock.now + .seconds(isAsked ? 10 : 1)
    while kill(process, 0) == 0 && ContinuousClock.now < deadline { usleep(10_000) }
    #expect((kill(process, 0) != 0) == isAsked)
    if !isAsked { kill(process, SIGTERM) }
  }
}
