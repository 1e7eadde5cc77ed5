import Foundation
import TestSupport
import Testing

/// The units for systemd.
@CommandThread
@Suite("Units of systemd", .tags(.command), .timeLimit(.minutes(30)))
struct UnitTests {
  /// An installation with its units under the name of an instance, `golden`.
  private func instance() throws -> (folder: TemporaryDirectory, analyze: Program) {
    let installation = try Installation.shared()
    let folder = try TemporaryDirectory()
    for kind in ["service", "socket"] {
      let unit = try String(
        contentsOfFile: installation("lib/systemd/system/nbdgen@.\(kind)"),
        encoding: .utf8
      )
      // The program is where DESTDIR has it.
      let text = unit.replacing("=\(Installation.prefix)/bin", with: "=\(installation("bin"))")
      try RawPath(folder("nbdgen@golden.\(kind)")).write(Array(text.utf8))
    }
    let variables = ["MANPATH": installation("share/man")]
    return (folder, try Program("systemd-analyze", environment: variables))
  }

  @Test("systemd finds nothing wrong with them")
  func verify() throws {
    let (folder, analyze) = try instance()
    let units = ["service", "socket"].map { folder("nbdgen@golden.\($0)") }
    let outcome = try analyze.run(["verify"] + units)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
  }

  @Test("The service may do little")
  func security() throws {
    let (folder, analyze) = try instance()
    let unit = folder("nbdgen@golden.service")
    // Of 100; a service without any protection has about 96.
    let outcome = try analyze.run(["security", "--offline=yes", "--threshold=15", unit])
    #expect(outcome.status == 0, "\(outcome)")
  }

  @Test("The socket's first client starts the server, and the options are one line of a file")
  func activation() throws {
    let installation = try Installation.shared()
    let (folder, _) = try instance()
    let directory = try TemporaryDirectory()
    let unit = try String(contentsOfFile: folder("nbdgen@golden.service"), encoding: .utf8)
    let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
    // What systemd does with a variable without braces: its words are arguments.
    #expect(line == "ExecStart=\(installation("bin/nbdgen")) $NBDGEN")
    let words = ["data", "0x55*512"]
    let socket = directory("golden.sock")
    let server = try Program("systemd-socket-activate")
      .start(["--listen=\(socket)", installation("bin/nbdgen")] + words)
    _ = try server.errorLine(within: 30) { $0.contains("Listening on") }
    let copy = try Program("nbdcopy").succeed(["nbd+unix:///?socket=\(socket)", "-"])
    #expect(copy.output == [UInt8](repeating: 0x55, count: 512))
    server.send(SIGTERM)
    #expect(try server.outcome(within: 10).status == 0)
  }
}
