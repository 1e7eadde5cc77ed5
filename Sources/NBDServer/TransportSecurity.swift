import NIOCore
import NIOSSL

/// How a server encrypts connections: TLS 1.2 or later, for clients that ask for
/// it (`NBD_OPT_STARTTLS`).
public struct TransportSecurity: Sendable {
  /// Whether clients that do not ask for it are turned away.
  public var isRequired: Bool

  private let context: NIOSSLContext

  /// How long a connection stays open for the client's farewell, after the
  /// server's: many clients send none, and nothing depends on it.
  private static let farewellTime = TimeAmount.milliseconds(200)

  init(
    _ configuration: TLSConfiguration,
    isRequired: Bool
  ) throws {
    var configuration = configuration
    configuration.minimumTLSVersion = .tlsv12
    configuration.shutdownTimeout = Self.farewellTime
    context = try NIOSSLContext(configuration: configuration)
    self.isRequired = isRequired
  }

  /// What went wrong with a connection; of the library's account only the reasons.
  static func summary(of error: any Error) -> String {
    guard case .handshakeFailed(.sslError(let stack)) = error as? NIOSSLError else {
      return "\(error)"
    }
    let reasons = stack.map { error in
      let text = error.description.trimmingPrefix(/Error: */)
      guard let place = text.firstRange(of: "OPENSSL_internal:") else { return text }
      return text[place.upperBound...].prefix { $0 != " " }
    }
    return "no TLS: " + reasons.joined(separator: ", ")
  }

  /// What stands between the socket and everything else under TLS.
  func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}

/// Why a server cannot encrypt connections.
public struct TransportSecurityError: Error, Equatable, CustomStringConvertible {
  /// The file that is wrong.
  public var path: String

  /// What is wrong, for people.
  public var problem: String

  /// One line that names the file.
  public var description: String { "\(path): \(problem)" }
}

extension Channel {
  /// Closes the socket at once, without the farewell of TLS.
  func cutOff() {
    eventLoop.execute { [self] in
      let operations = pipeline.syncOperations
      if let tls = try? operations.context(handlerType: NIOSSLServerHandler.self) {
        // What this closes is what lies between the handler and the socket.
        tls.close(promise: nil)
      } else {
        close(promise: nil)
      }
    }
  }
}
