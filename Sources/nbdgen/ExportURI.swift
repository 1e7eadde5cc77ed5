import DiskModel
import NBDServer

/// Where an export is, as clients write it.
///
/// Form: "NBD URI specification", `doc/uri.md` of the NetworkBlockDevice project.
struct ExportURI: Equatable {
  /// The URI.
  let text: String

  /// What follows qemu's `-drive`.
  let drive: String

  /// What `--run` sets in the environment of its command.
  let variables: [(name: String, value: String)]

  static func == (left: ExportURI, right: ExportURI) -> Bool { left.text == right.text }

  init(_ endpoint: Endpoint, exportName: String, security: TransportSecurity? = nil) {
    // A client that says nbds accepts nothing less.
    let scheme = security?.isRequired == true ? "nbds" : "nbd"
    let name = Self.encode(exportName, keeping: "-._~/!$()*,;=:@+")
    var unixSocket = ""
    var port = ""
    switch endpoint {
    case .unix(let path, _):
      unixSocket = path
      text = "\(scheme)+unix:///\(name)?socket=\(Self.encode(path, keeping: "-._~/"))"
    case .inherited, .connection:
      // There is no way to it for others.
      text = ""
    case .vsock(let context, let number):
      port = String(number)
      let path = name.isEmpty ? "" : "/\(name)"
      text = "\(scheme)+vsock://\(context ?? Self.localContext):\(number)\(path)"
    case .tcp(let address, let number):
      port = String(number)
      let path = name.isEmpty ? "" : "/\(name)"
      text = "\(scheme)://\(Self.host(address)):\(number)\(path)"
    }
    if security?.isRequired == true {
      drive = Self.encryptedDrive(endpoint, exportName)
    } else {
      drive = "file='\(text)',format=raw"
    }
    variables = [
      ("uri", text), ("nbd", text), ("unixsocket", unixSocket), ("port", port),
      ("exportname", exportName), ("tls", security.map { $0.isRequired ? "2" : "1" } ?? ""),
    ]
  }

  /// Where metrics are, for people.
  static func metrics(_ endpoint: Endpoint) -> String {
    switch endpoint {
    case .tcp(let address, let port): "http://\(host(address)):\(port)/metrics"
    case .unix(let path, _): "/metrics on the unix socket \(HostPath.printable(path.utf8))"
    case .vsock, .inherited, .connection: "\(endpoint)"
    }
  }

  /// The drive in a form in which qemu takes credentials: those of an `-object` of
  /// the user's, `tls0`.
  private static func encryptedDrive(_ endpoint: Endpoint, _ exportName: String) -> String {
    var options = ["driver=nbd"]
    switch endpoint {
    case .inherited, .connection, .vsock:
      // There is no way to it for others, or none that qemu's block layer knows.
      return ""
    case .unix(let path, _):
      // Qemu wants to be told whom to expect.
      options += ["server.type=unix", "server.path=\(path)", "tls-hostname=localhost"]
    case .tcp(let address, let port):
      let name = host(address).filter { $0 != "[" && $0 != "]" }
      options += ["server.type=inet", "server.host=\(name)", "server.port=\(port)"]
    }
    if !exportName.isEmpty { options.append("export=\(exportName)") }
    options.append("tls-creds=tls0")
    let text = options.map { "file.\($0.replacing(",", with: ",,"))" }.joined(separator: ",")
    let line = HostPath.printable(text.utf8)
    return "'\(line.replacing("'", with: "'\\''"))',format=raw"
  }

  /// What this host calls itself (`VMADDR_CID_LOCAL`).
  private static let localContext: UInt32 = 1

  /// What a client on this host calls the address.
  private static func host(_ address: String?) -> String {
    switch address {
    case nil, "0.0.0.0", "::": "localhost"
    case let address? where address.contains(":"): "[\(address)]"
    case let address?: address
    }
  }

  /// Replaces what may not stand in a URI, or in this part of it (RFC 3986,
  /// section 3.3).
  private static func encode(_ text: String, keeping marks: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var encoded = ""
    for byte in text.utf8 {
      let character = Character(UnicodeScalar(byte))
      if byte < 0x80 && (character.isLetter || character.isNumber || marks.contains(character)) {
        encoded.append(character)
      } else {
        encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return encoded
  }
}
