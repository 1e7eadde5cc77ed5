import Foundation
import TestSupport

/// The ways in which servers encrypt.
enum TLSKind: String, CaseIterable, Sendable {
  case certificates, verifiedCertificates, keys

  /// What tells `nbdgen` so.
  func options(_ credentials: TestCredentials) -> [String] {
    switch self {
    case .certificates: ["--tls-certificates", credentials(.server)]
    case .verifiedCertificates:
      ["--tls-certificates=\(credentials(.server))", "--tls-verify-peer"]
    case .keys: ["--tls-psk", credentials.keys]
    }
  }
}

/// Whom a client takes itself for.
enum TLSIdentity: Sendable {
  case role(TestCredentials.Role)
  /// The user of a file of keys.
  case keys(String, user: String)

  /// One that servers of a kind let in.
  static func right(_ kind: TLSKind, _ credentials: TestCredentials) -> TLSIdentity {
    switch kind {
    case .certificates: .role(.anonymous)
    case .verifiedCertificates: .role(.client)
    case .keys: .keys(credentials.keys, user: TestCredentials.user)
    }
  }
}

/// The command, serving the mixed tree under TLS.
struct TLSServer {
  let process: NbdgenProcess
  private let credentials: TestCredentials

  init(
    _ kind: TLSKind,
    requiresTLS: Bool,
    over transport: NbdgenProcess.Transport = .unix,
    words: [String]? = nil
  ) throws {
    credentials = try TestCredentials.shared()
    let options = kind.options(credentials) + (requiresTLS ? ["--tls=require"] : [])
    let words = try words ?? ["linuxdisk", "\(ClientDisk.tree())"]
    process = try NbdgenProcess(options + words, over: transport)
  }

  /// The URI with which libnbd is who it is to be.
  func uri(_ identity: TLSIdentity) -> String {
    var uri = process.uri
    if uri.hasPrefix("nbd:") || uri.hasPrefix("nbd+") { uri = "nbds" + uri.dropFirst(3) }
    var query: String
    switch identity {
    case .role(let role): query = "tls-certificates=\(credentials(role))"
    case .keys(let path, let user):
      query = "tls-psk-file=\(path)"
      uri = uri.replacing("://", with: "://\(user)@", maxReplacements: 1)
    }
    if !uri.contains("?") { query = "?" + query } else { query = "&" + query }
    return uri + query
  }

  /// The same for qemu: its options, and an image's.
  func qemu(_ identity: TLSIdentity) throws -> (options: [String], image: String) {
    let object =
      switch identity {
      case .role(let role): "tls-creds-x509,id=tls,endpoint=client,dir=\(credentials(role))"
      case .keys(let path, let user):
        "tls-creds-psk,id=tls,endpoint=client,username=\(user),"
          + "dir=\(URL(filePath: path).deletingLastPathComponent().path)"
      }
    let place =
      switch try process.endpoint() {
      case .unix(let path): "file.server.type=unix,file.server.path=\(path)"
      case .tcp(let port, _):
        "file.server.type=inet,file.server.host=localhost,file.server.port=\(port)"
      }
    let creds = "file.tls-creds=tls,file.tls-hostname=localhost"
    return (["--object", object], "driver=raw,file.driver=nbd,\(place),\(creds)")
  }
}
