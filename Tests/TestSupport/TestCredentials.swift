import Foundation

/// Certificates and keys for TLS, made by openssl when a test first asks for them.
package struct TestCredentials: Sendable {
  /// Directories with what a server or a client is given.
  package enum Role: String, CaseIterable, Sendable {
    /// The server `localhost`.
    case server
    /// A client with a certificate.
    case client
    /// A client without one.
    case anonymous
    /// A client that knows the server, but has its certificate from elsewhere.
    case stranger
    /// A client that trusts another authority than the server's.
    case distrustful
  }

  private let directory: TemporaryDirectory

  /// The user that has keys.
  package static let user = "alice"

  /// Those that all tests use.
  package static func shared() throws -> TestCredentials { try made.get() }

  private static let made = Result { try TestCredentials() }

  private init() throws {
    directory = try TemporaryDirectory.shared()
    for authority in ["authority", "other"] { try makeAuthority(authority) }
    for role in Role.allCases { try make(role) }
    for name in ["keys", "wrong-keys", "foreign-keys"] {
      try RawPath(self(name)).makeDirectory()
      let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
      let digits = key.map { String(format: "%02x", $0) }.joined()
      let user = name == "foreign-keys" ? "bob" : Self.user
      try RawPath("\(self(name))/keys.psk").write(Array("\(user):\(digits)\n".utf8))
    }
  }

  private func callAsFunction(_ name: String) -> String { directory(name) }

  /// The directory for a role.
  package func callAsFunction(_ role: Role) -> String { self(role.rawValue) }

  /// The file of keys that the server has: `keys.psk`, as qemu wants it.
  package var keys: String { "\(self("keys"))/keys.psk" }

  /// One with another key for the same user.
  package var wrongKeys: String { "\(self("wrong-keys"))/keys.psk" }

  /// One with a key for the user `bob`, whom the server does not know.
  package var foreignKeys: String { "\(self("foreign-keys"))/keys.psk" }

  private func makeKey(_ path: String) throws {
    let options = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    try Program("openssl").succeed(["genpkey", "-out", path] + options)
  }

  private func makeAuthority(_ name: String) throws {
    try makeKey(self("\(name)-key.pem"))
    try Program("openssl").succeed([
      "req", "-x509", "-new", "-key", self("\(name)-key.pem"), "-out", self("\(name).pem"),
      "-subj", "/CN=\(name)", "-days", "2", "-addext", "keyUsage=critical,keyCertSign",
    ])
  }

  private func make(_ role: Role) throws {
    let folder = self(role)
    try RawPath(folder).makeDirectory()
    let trusted = role == .distrustful ? "other" : "authority"
    let copy = "\(folder)/ca-cert.pem"
    try FileManager.default.copyItem(atPath: self("\(trusted).pem"), toPath: copy)
    guard role == .server || role == .client || role == .stranger else { return }
    let file = "\(folder)/\(role == .server ? "server" : "client")"
    try makeKey("\(file)-key.pem")
    try Program("openssl").succeed([
      "req", "-new", "-key", "\(file)-key.pem", "-subj", "/CN=\(role)", "-out", "\(file).csr",
      "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ])
    let issuer = self(role == .stranger ? "other" : "authority")
    try Program("openssl").succeed([
      "x509", "-req", "-in", "\(file).csr", "-out", "\(file)-cert.pem", "-days", "2",
      "-CA", "\(issuer).pem", "-CAkey", "\(issuer)-key.pem", "-CAcreateserial",
      "-copy_extensions", "copy",
    ])
  }
}
