import ArgumentParser
import NBDServer

/// The options about encryption, spelt as nbdkit's.
struct TLSOptions: ParsableArguments {
  @Option(
    name: .customLong("tls"),
    parsing: .unconditional,
    help: .init(
      """
      Whether clients may use TLS: off, on, or require, if they must. \
      (default: on with certificates or keys, otherwise off)
      """,
      valueName: "mode"
    ),
    completion: .list(["off", "on", "require"])
  )
  var mode: String?

  @Option(
    name: .customLong("tls-certificates"),
    parsing: .unconditional,
    help: .init(
      "Encrypt with server-cert.pem and server-key.pem from a directory.",
      valueName: "directory"
    )
  )
  var certificates: String?

  @Flag(
    name: .customLong("tls-verify-peer"),
    help: "Clients need a certificate that ca-cert.pem in that directory vouches for."
  )
  var verifiesPeer = false

  @Option(
    name: .customLong("tls-psk"),
    parsing: .unconditional,
    help: .init("Encrypt with the keys in a file: lines username:hexkey.", valueName: "path")
  )
  var keys: String?

  /// How connections are encrypted; `nil` if they are not.
  func security() throws -> TransportSecurity? {
    let mode = try Mode(mode, hasCredentials: certificates != nil || keys != nil)
    if certificates != nil && keys != nil {
      throw UserError(
        usage: "--tls-certificates and --tls-psk: TLS is set up in one way; leave one of them out"
      )
    }
    if verifiesPeer && certificates == nil {
      throw UserError(
        usage: "--tls-verify-peer: checks certificates; --tls-certificates says where they are"
      )
    }
    guard mode != .off else { return nil }
    let isRequired = mode == .require
    do throws(TransportSecurityError) {
      if let certificates {
        return try TransportSecurity(
          certificatesIn: certificates,
          verifiesClients: verifiesPeer,
          isRequired: isRequired
        )
      }
      if let keys { return try TransportSecurity(keysIn: keys, isRequired: isRequired) }
    } catch {
      throw UserError(host: "\(certificates == nil ? "--tls-psk" : "--tls-certificates"): \(error)")
    }
    throw UserError(
      usage: "--tls=\(mode): needs --tls-certificates=DIRECTORY or --tls-psk=FILE to encrypt with"
    )
  }

  private enum Mode: String {
    case off, on, require

    /// The mode of this name, or the one that goes with what else was given.
    init(_ name: String?, hasCredentials: Bool) throws {
      switch name {
      case nil: self = hasCredentials ? .on : .off
      case "off", "0", "no", "false": self = .off
      case "on", "1", "yes", "true": self = .on
      case "require", "required", "force": self = .require
      case let name?:
        throw UserError(usage: "--tls=\(name): not a mode; write off, on or require")
      }
    }
  }
}
