import Foundation
import TestSupport
import Testing

/// The options about encryption.
@CommandThread
@Suite(.tags(.command), .timeLimit(.minutes(30)))
struct TLSOptionTests {
  /// A scene with good certificates in `tls`, and good keys in `keys`.
  private static func scene() throws -> Scene {
    var scene = try Scene()
    let credentials = try TestCredentials.shared()
    try FileManager.default.copyItem(atPath: credentials(.server), toPath: scene("tls"))
    try FileManager.default.copyItem(atPath: credentials.keys, toPath: scene("keys"))
    try scene.settle()
    return scene
  }

  @Test(
    "Wrong combinations of options are the user's mistake",
    arguments: [
      ("--tls=maybe", ["--tls=maybe", "off, on or require"]),
      ("--tls on", ["--tls=on", "--tls-certificates", "--tls-psk"]),
      ("--tls=require", ["--tls=require", "--tls-certificates", "--tls-psk"]),
      ("--tls-certificates tls --tls-psk keys", ["--tls-certificates", "--tls-psk", "one way"]),
      ("--tls-verify-peer", ["--tls-verify-peer", "--tls-certificates"]),
      ("--tls-verify-peer --tls-psk keys", ["--tls-verify-peer", "--tls-certificates"]),
      ("--tls-psk", ["--tls-psk"]), ("--tls-certificates", ["--tls-certificates"]),
    ]
  )
  func mistakes(line: String, fragments: [String]) throws {
    let scene = try Self.scene()
    let words = ["-U", "-", "--run", "touch ran", "linuxdisk", "tree"]
    let outcome = try scene.run(words + line.split(separator: " ").map(String.init))
    expectOneLine(outcome, status: 2, saying: fragments)
    #expect(try scene.leftovers() == [])
  }

  @Test("A file that is missing or wrong is named, and nothing is served")
  func wrongFiles() throws {
    let certificates = ["--tls-certificates", "tls"]
    let mistakes: [(options: [String], broken: String, text: String?, fragments: [String])] = [
      (certificates, "tls/server-cert.pem", nil, ["No such file"]),
      (certificates, "tls/server-key.pem", nil, ["No such file"]),
      (certificates, "tls/server-cert.pem", "hello", ["not a certificate"]),
      (certificates, "tls/server-key.pem", "hello", ["not a private key"]),
      (certificates + ["--tls-verify-peer"], "tls/ca-cert.pem", nil, ["No such file"]),
      (certificates + ["--tls-verify-peer"], "tls/ca-cert.pem", "hello", ["not a certificate"]),
      (certificates + ["--tls-verify-peer"], "tls/ca-crl.pem", "hello", ["not supported"]),
      (["--tls-psk", "keys"], "keys", nil, ["No such file"]),
      (["--tls-psk", "keys"], "keys", "", ["no keys"]),
      (["--tls-psk", "keys"], "keys", "alice:00\nbob:secret\n", ["line 2", "username:hexkey"]),
    ]
    for mistake in mistakes {
      var scene = try Self.scene()
      if let text = mistake.text {
        try RawPath(scene(mistake.broken)).write(Array(text.utf8))
      } else {
        try FileManager.default.removeItem(atPath: scene(mistake.broken))
      }
      try scene.settle()
      let words = ["-U", "-", "-P", "pid", "--run", "touch ran", "linuxdisk", "tree"]
      let outcome = try scene.run(mistake.options + words)
      let option = mistake.options[0]
      expectOneLine(outcome, status: 1, saying: [option, mistake.broken] + mistake.fragments)
      #expect(!outcome.errorLines.joined().contains("secret"))
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("A key with a passphrase is not asked for")
  func passphrase() throws {
    let scene = try Self.scene()
    let path = scene("tls/server-key.pem")
    let options = ["pkey", "-aes256", "-passout", "pass:x", "-in", path, "-out", scene("locked")]
    try Program("openssl").succeed(options)
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: scene("locked"), toPath: path)
    let outcome = try scene.run(["-U", "-", "--tls-certificates", "tls", "linuxdisk", "tree"])
    expectOneLine(outcome, status: 1, saying: ["tls/server-key.pem", "passphrase"])
  }

  @Test(
    "The URI and a variable tell the command about TLS",
    arguments: [
      ("", "nbd", ""), ("--tls=off", "nbd", ""), ("--tls off --tls-psk keys", "nbd", ""),
      ("--tls-psk keys", "nbd", "1"), ("--tls-certificates=tls", "nbd", "1"),
      ("--tls=on --tls-certificates tls --tls-verify-peer", "nbd", "1"),
      ("--tls=require --tls-certificates tls", "nbds", "2"),
      ("--tls=require --tls-psk=keys", "nbds", "2"), ("--tls=force --tls-psk=keys", "nbds", "2"),
    ]
  )
  func variables(line: String, scheme: String, tls: String) throws {
    let scene = try Self.scene()
    let words = line.split(separator: " ").map(String.init)
    for (place, prefix) in [(["-U", "-"], "\(scheme)+unix:///n?"), (["-p", "0"], "\(scheme)://")] {
      let command = ["--run", "printf '%s\\n' \"$uri\" \"$nbd\" \"$tls\"", "linuxdisk", "tree"]
      // One server in another has variables of its own.
      let environment = ["tls": "2"]
      let outcome = try scene.run(
        place + words + ["-e", "n"] + command,
        environment: environment
      )
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      try #require(outcome.lines.count == 3)
      #expect(outcome.lines[0].hasPrefix(prefix) && outcome.lines[1] == outcome.lines[0])
      #expect(outcome.lines[2] == tls)
      #expect(try scene.leftovers() == [])
    }
  }

  @Test("A name of any kind stays one word of the announcement")
  func announcement() throws {
    let scene = try Self.scene()
    let words = ["-v", "-U", "-", "--tls=require", "--tls-psk", "keys", "-e", "a,b 'c'\n"]
    let outcome = try scene.run(words + ["--run", "true", "linuxdisk", "tree"])
    let announcement = try #require(outcome.errorLines.first)
    #expect(announcement.contains(",file.export=a,,b '\\''c'\\''\\n,file.tls-creds=tls0'"))
    #expect(announcement.hasSuffix(",format=raw,if=virtio,readonly=on"))
  }

  @Test("A server tells in one line why a handshake failed")
  func log() throws {
    let scene = try Self.scene()
    let uri = "nbds+unix://alice@/?socket=$unixsocket&tls-psk-file="
    let wrong = try TestCredentials.shared().wrongKeys
    let line = "nbdinfo \"\(uri)\(wrong)\" 2>/dev/null"
    let words = ["-U", "-", "--tls-psk", "keys", "--run", line, "linuxdisk", "tree"]
    let outcome = try scene.run(words)
    #expect(outcome.status == 1)
    let reasons = outcome.errorLines.filter { $0.contains("closed a connection: no TLS: ") }
    #expect(reasons.count == 1, "\(outcome)")
    #expect(!"\(outcome)".contains("BoringSSL"), "\(outcome)")
  }
}
