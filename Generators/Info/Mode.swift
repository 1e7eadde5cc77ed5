/// What the disk of a session is.
enum Mode: String, CaseIterable {
  case exportName = "exportname"
  case base64ExportName = "base64exportname"
  case data
  case address
  case connection
  case time
  case uptime
  case connectionTime = "conntime"

  /// Other words for modes, which nbdkit has too.
  private static let aliases = ["export-name": exportName, "base64-export-name": base64ExportName]

  /// The mode that a word means, in upper or lower case.
  init?(_ word: String) {
    let word = word.lowercased()
    guard let mode = Mode(rawValue: word) ?? Self.aliases[word] else { return nil }
    self = mode
  }

  /// Whether clients that use equal names read equal bytes.
  var dependsOnNameOnly: Bool {
    switch self {
    case .exportName, .base64ExportName, .data: true
    case .address, .connection, .time, .uptime, .connectionTime: false
    }
  }

  /// What clients get, in a few words.
  var summary: String {
    switch self {
    case .exportName: "the export name as a disk"
    case .base64ExportName: "the disk that the export name holds in Base64"
    case .data: "the disk that the export name says as an expression"
    case .address: "the client's address as a disk"
    case .connection: "what is known of the connection as a disk"
    case .time: "the time as a disk"
    case .uptime: "the server's uptime as a disk"
    case .connectionTime: "the time since the client connected as a disk"
    }
  }
}
