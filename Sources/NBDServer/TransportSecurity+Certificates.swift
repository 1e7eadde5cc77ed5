import DiskModel
import NIOSSL
import SystemPackage

extension TransportSecurity {
  /// Encrypts with X.509 certificates.
  ///
  /// - Parameters:
  ///   - directory: Holds `server-cert.pem`, the server's certificate and those
  ///     between it and the authority's, `server-key.pem`, and `ca-cert.pem`,
  ///     which is read if clients are verified.
  ///   - verifiesClients: Whether clients need a certificate of the authority's;
  ///     the name in it does not matter.
  ///   - isRequired: Whether clients that do not ask for TLS are turned away.
  /// - Throws: ``TransportSecurityError`` if a file cannot be used.
  public init(
    certificatesIn directory: String,
    verifiesClients: Bool,
    isRequired: Bool
  ) throws(TransportSecurityError) {
    func path(_ name: String) -> String { "\(directory)/\(name)" }
    let (certificatePath, keyPath) = (path("server-cert.pem"), path("server-key.pem"))
    let chain = try Self.certificates(certificatePath)
    let key = try Self.privateKey(keyPath)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(key)
    )
    // With TLS 1.2, too: keys that are lost later open no recording.
    configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
    if verifiesClients {
      try Self.checkRevocation(path("ca-crl.pem"))
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(try Self.certificates(path("ca-cert.pem")))
      configuration.sendCANameList = true
    }
    do {
      try self.init(configuration, isRequired: isRequired)
    } catch {
      let problem = "not the key of the certificate in \(certificatePath)"
      throw TransportSecurityError(path: keyPath, problem: problem)
    }
  }

  private static func certificates(
    _ path: String
  ) throws(TransportSecurityError) -> [NIOSSLCertificate] {
    let bytes = try read(path)
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty
    else { throw TransportSecurityError(path: path, problem: "not a certificate in PEM format") }
    return certificates
  }

  private static func privateKey(
    _ path: String
  ) throws(TransportSecurityError) -> NIOSSLPrivateKey {
    let bytes = try read(path)
    guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
      let problem = "not a private key in PEM format, or one with a passphrase"
      throw TransportSecurityError(path: path, problem: problem)
    }
    return key
  }

  /// Refuses a revocation list rather than accept what it revokes.
  private static func checkRevocation(_ path: String) throws(TransportSecurityError) {
    do throws(Errno) {
      _ = try HostCall.readFile(path)
    } catch .noSuchFileOrDirectory {
      return
    } catch {
      throw TransportSecurityError(path: path, problem: error.description)
    }
    let problem = "revocation lists are not supported; clients cannot be verified with one"
    throw TransportSecurityError(path: path, problem: problem)
  }

  static func read(_ path: String) throws(TransportSecurityError) -> [UInt8] {
    do throws(Errno) {
      return try HostCall.readFile(path)
    } catch {
      throw TransportSecurityError(path: path, problem: error.description)
    }
  }
}
