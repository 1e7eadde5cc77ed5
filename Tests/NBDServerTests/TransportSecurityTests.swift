import Foundation
import NBDServer
import TestSupport
import Testing

/// Files of keys and certificates.
struct TransportSecurityTests {
  /// What is said of a file with this text, without its path.
  private static func problem(_ text: String) throws -> String? {
    let directory = try TemporaryDirectory()
    let path = directory("keys")
    try RawPath(path).write(Array(text.utf8))
    do throws(TransportSecurityError) {
      _ = try TransportSecurity(keysIn: path, isRequired: true)
      return nil
    } catch {
      #expect(error.path == path)
      #expect("\(error)" == "\(path): \(error.problem)")
      return error.problem
    }
  }

  @Test(
    "Keys are lines of a user's name and hexadecimal digits",
    arguments: [
      "alice:00", "alice:00\n", "alice:0aFF\r\nbob:00\r\n", "\nalice:00\n\n", "#616c:00",
      "ä:00", "a b:00",
      "\(String(repeating: "n", count: 128)):\(String(repeating: "0", count: 512))",
    ]
  )
  func keys(text: String) throws {
    #expect(try Self.problem(text) == nil)
  }

  @Test(
    "What is wrong with keys is told by line, and the key is not",
    arguments: [
      ("", "no keys"), ("\n\n", "no keys"), ("alice", "line 1: not of"), ("alice:", "line 1: not"),
      (":00", "line 1: not of"), ("a:00\nb:5e5", "line 2: not of"), ("a:5e5g", "line 1: not of"),
      ("a: 5e", "line 1: not of"), ("#6:00", "line 1: not of"), ("#:00", "line 1: not of"),
      ("#00:00", "line 1: not of"), ("#ff:5e5e", "line 1: not of"), ("a\0:00", "line 1: not of"),
      ("a:00\na:5e5e", "line 2: a second key for \"a\""),
      ("\(String(repeating: "n", count: 129)):5e5e", "at most 128 bytes"),
      ("a:\(String(repeating: "5e", count: 257))", "a key 256"),
    ]
  )
  func wrongKeys(text: String, fragment: String) throws {
    let problem = try #require(try Self.problem(text))
    #expect(problem.contains(fragment), "\(problem)")
    #expect(!problem.contains("5e"), "\(problem)")
  }

  @Test("Each file of certificates that is wrong is named", arguments: [false, true])
  func certificates(verifiesClients: Bool) throws {
    let credentials = try TestCredentials.shared()
    let good = credentials(.server)
    let foreign = try Data(contentsOf: URL(filePath: credentials(.client) + "/client-key.pem"))
    for name in ["server-cert.pem", "server-key.pem", "ca-cert.pem", "ca-crl.pem"] {
      for content in [nil, [], Array("hello\n".utf8), Array(foreign)] {
        let directory = try TemporaryDirectory()
        for other in ["server-cert.pem", "server-key.pem", "ca-cert.pem"] where other != name {
          try FileManager.default.copyItem(atPath: "\(good)/\(other)", toPath: directory(other))
        }
        if let content { try RawPath(directory(name)).write(content) }
        // The authority's files matter if clients are verified, and lists may be missing.
        let isRight =
          name == "ca-crl.pem" && content == nil || name.hasPrefix("ca-") && !verifiesClients
        var failure: TransportSecurityError?
        do throws(TransportSecurityError) {
          _ = try TransportSecurity(
            certificatesIn: directory.path,
            verifiesClients: verifiesClients,
            isRequired: false
          )
        } catch {
          failure = error
        }
        #expect(failure?.path == (isRight ? nil : directory(name)), "\(failure as Any)")
      }
    }
  }
}
