import Foundation
import TestSupport
import Testing

/// Clients of libnbd and qemu under TLS, which is GnuTLS with both.
@ClientThread
@Suite(.tags(.interop), .timeLimit(.minutes(30)))
struct TLSTests {
  typealias Transport = NbdgenProcess.Transport

  /// What `nbdinfo --json` says.
  private struct Information: Decodable {
    var isEncrypted: Bool
    var structured: Bool

    enum CodingKeys: String, CodingKey {
      case isEncrypted = "TLS"
      case structured
    }
  }

  @Test("libnbd's tools", arguments: TLSKind.allCases, Transport.allCases)
  func libnbd(_ kind: TLSKind, _ transport: Transport) throws {
    let credentials = try TestCredentials.shared()
    let directory = try TemporaryDirectory()
    for requiresTLS in [false, true] {
      let server = try TLSServer(kind, requiresTLS: requiresTLS, over: transport)
      #expect(server.process.uri.hasPrefix("nbds") == requiresTLS)
      let uri = server.uri(.right(kind, credentials))
      let output = try Program("nbdinfo").succeed(["--json", uri]).output
      let information = try JSONDecoder().decode(Information.self, from: Data(output))
      #expect(information.isEncrypted && information.structured)
      #expect(try Program("nbdinfo").succeed(["--map", uri]).lines.count > 1)

      let options = ["--connections=4", "--threads=4", "--requests=64"]
      try Program("nbdcopy").succeed(options + [uri, directory("copy")])
      try ClientDisk.expectReference(directory("copy"))
      let script = Self.script(uri, try ClientDisk.reference())
      try Program("nbdsh").succeed(["-c", script])
      #expect(try server.process.stop() == 0)
    }
  }

  /// Reads at random, and is refused what the disk does not do.
  private static func script(_ uri: String, _ reference: String) -> String {
    """
    import errno
    import random
    h.set_uri_allow_local_file(True)
    h.connect_uri("\(uri)")
    assert h.get_tls_negotiated()
    h.set_strict_mode(0)
    random.seed(21)
    reference = open("\(reference)", "rb").read()
    size = h.get_size()
    assert size == len(reference), size
    for number in range(100):
        length = min(random.randrange(1, 1 << random.randrange(1, 21)), size)
        offset = random.randrange(0, size - length + 1)
        assert h.pread(length, offset) == reference[offset:offset + length], (offset, length)
        if number % 10 == 0:
            try:
                h.pwrite(b"x" * length, offset)
                raise AssertionError("it can be written to")
            except nbd.Error as error:
                assert error.errnum == errno.EPERM, error
    """
  }

  @Test("qemu's tools", arguments: TLSKind.allCases, Transport.allCases)
  func qemu(_ kind: TLSKind, _ transport: Transport) throws {
    let credentials = try TestCredentials.shared()
    for requiresTLS in [false, true] {
      let server = try TLSServer(kind, requiresTLS: requiresTLS, over: transport)
      let (options, image) = try server.qemu(.right(kind, credentials))
      let reference = "driver=raw,file.driver=file,file.filename=\(try ClientDisk.reference())"
      let compare = ["compare"] + options + ["--image-opts", image, reference]
      let outcome = try Program("qemu-img").succeed(compare)
      #expect(outcome.text.contains("Images are identical."))
      let commands = ["read -P 0 1024 1047552", "read -P 0x55 510 1", "aio_read 0 1M", "flush"]
      let words = ["-r"] + options + ["--image-opts", image] + commands.flatMap { ["-c", $0] }
      let read = try Program("qemu-io").succeed(words)
      #expect(!read.text.contains("Pattern verification failed"), "\(read)")
      #expect(try server.process.stop() == 0)
    }
  }

  @Test("T8: wrong credentials are refused, and right ones are not", arguments: TLSKind.allCases)
  func refusals(_ kind: TLSKind) throws {
    let credentials = try TestCredentials.shared()
    let user = TestCredentials.user
    let identities: [TLSIdentity] =
      switch kind {
      case .certificates: [.role(.distrustful)]
      case .verifiedCertificates: [.role(.anonymous), .role(.stranger), .role(.distrustful)]
      case .keys:
        [.keys(credentials.wrongKeys, user: user), .keys(credentials.foreignKeys, user: "bob")]
      }
    for transport in Transport.allCases {
      let server = try TLSServer(kind, requiresTLS: true, over: transport)
      for identity in identities {
        let outcome = try Program("nbdinfo").run(["--size", server.uri(identity)])

        // libnbd does not ask who the server of a unix socket is.
        let isTrusting = kind == .certificates && transport == .unix
        #expect(outcome.status == (isTrusting ? 0 : 1), "\(identity): \(outcome)")
        let (options, image) = try server.qemu(identity)
        let words = ["info"] + options + ["--image-opts", image]
        #expect(try Program("qemu-img").run(words).status == 1, "\(identity)")
        let right = server.uri(.right(kind, credentials))
        try Program("nbdinfo").succeed(["--size", right])
      }
      #expect(try server.process.stop() == 0)
    }
  }

  @Test(
    "T4, T9: in the clear a client gets what it may",
    arguments: TLSKind.allCases,
    Transport.allCases
  )
  func inTheClear(_ kind: TLSKind, _ transport: Transport) throws {
    for requiresTLS in [false, true] {
      let server = try TLSServer(kind, requiresTLS: requiresTLS, over: transport)
      let uri = server.process.uri.replacing("nbds", with: "nbd", maxReplacements: 1)
      let status: Int32 = requiresTLS ? 1 : 0
      for words in [["--size"], ["--list"], ["--map"]] {
        let outcome = try Program("nbdinfo").run(words + [uri])
        #expect(outcome.status == status, "\(outcome)")
        // Of a refused list it does not tell why.
        let isTold = requiresTLS && words != ["--list"]
        #expect("\(outcome)".contains("server requires TLS") == isTold, "\(outcome)")
      }
      #expect(try Program("qemu-img").run(["info", "-f", "raw", uri]).status == status)
      #expect(try server.process.stop() == 0)
    }
  }

  @Test("qemu takes the drive that is announced", arguments: TLSKind.allCases, Transport.allCases)
  func drive(_ kind: TLSKind, _ transport: Transport) throws {
    let credentials = try TestCredentials.shared()
    let server = try TLSServer(kind, requiresTLS: true, over: transport)
    let line = try #require(try server.process.log().first { $0.contains("; in qemu: ") })
    let drive = try #require(line.split(separator: "; in qemu: ").last)
    let object = try server.qemu(.right(kind, credentials)).options.joined(separator: " ")
      .replacing("id=tls,", with: "id=tls0,")
    let start = "qemu-system-x86_64 -nodefaults -S -display none -monitor stdio"
    let outcome = try Program.shell("echo quit | \(start) \(object) \(drive)")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(try server.process.stop() == 0)
  }

  @Test("A client learns that it is under TLS", arguments: TLSKind.allCases)
  func facts(_ kind: TLSKind) throws {
    let credentials = try TestCredentials.shared()
    let words = ["info", "mode=connection"]
    let server = try TLSServer(kind, requiresTLS: false, words: words)
    func text(_ uri: String) throws -> String {
      try Program("nbdcopy").succeed([uri, "-"]).text
    }
    let version = kind == .keys ? "1.2" : "1.3"
    #expect(try text(server.uri(.right(kind, credentials))).contains("TLS: yes, TLS \(version)\n"))
    #expect(try text(server.process.uri).contains("TLS: no\n"))
    #expect(try server.process.stop() == 0)
  }
}
