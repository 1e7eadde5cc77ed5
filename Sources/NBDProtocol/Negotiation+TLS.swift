/// What a server thinks of TLS.
public enum TLSMode: Sendable, CaseIterable {
  /// There is none (`NOTLS`).
  case off
  /// Clients may ask for it.
  case optional
  /// Clients that do not ask for it get nothing (`FORCEDTLS`).
  case required
}

extension Negotiation {
  /// What an option gets that should have come under TLS; `nil` if it is welcome.
  func refusalInTheClear(_ code: OptionCode) -> Step? {
    guard tls == .required && !isEncrypted else { return nil }
    switch code {
    case .startTLS, .abort: return nil
    // There is no reply that could say why.
    case .exportName: return .hangUp(.exportNameInTheClear)
    case _ where mayStartTLS:
      return refuse(code, .tlsRequired, "this server wants NBD_OPT_STARTTLS first")
    default: return refuse(code, .policy, "this server wants TLS; \(Self.whoMayStartTLS)")
    }
  }

  /// What `STARTTLS` gets if it cannot be obeyed.
  func refusalOfTLS(_ data: [UInt8]) -> Step? {
    guard data.isEmpty else { return invalid(.startTLS, "NBD_OPT_STARTTLS takes no data") }
    guard !isEncrypted else { return invalid(.startTLS, "TLS was started already") }
    guard tls != .off else { return refuse(.startTLS, .unsupported, "this server has no TLS") }
    guard mayStartTLS else { return refuse(.startTLS, .unsupported, Self.whoMayStartTLS) }
    return nil
  }

  /// To others the specification has a server behave as if there was no TLS.
  private var mayStartTLS: Bool { handshake?.contains(.fixedNewstyle) == true }

  private static let whoMayStartTLS = "TLS is for clients that set NBD_FLAG_C_FIXED_NEWSTYLE"
}
