/// Why a negotiation ends without a word to the client.
public enum HangUp: Sendable, Equatable {
  /// It answered the greeting with flags that were not offered.
  case unknownFlags
  /// It sent more options than it may.
  case tooManyOptions
  /// `NBD_OPT_EXPORT_NAME` came with something that is no name, or after extended
  /// headers were agreed on, which it does not go with.
  case wrongExportName
  /// `NBD_OPT_EXPORT_NAME` asked for an export that is not there.
  case unknownExport
  /// `NBD_OPT_EXPORT_NAME` came in the clear, and the server wants TLS.
  case exportNameInTheClear
  /// `NBD_OPT_EXPORT_NAME` came when the server was about to end.
  case shuttingDown

  /// What the client did, for people.
  public var message: String {
    switch self {
    case .unknownFlags: "it answers the greeting with flags that were not offered"
    case .tooManyOptions: "it sends more options than it may"
    case .wrongExportName: "what it sends with NBD_OPT_EXPORT_NAME is not allowed"
    case .unknownExport: "it asks for an export that is not there, by NBD_OPT_EXPORT_NAME"
    case .exportNameInTheClear: "it asks for an export without TLS, by NBD_OPT_EXPORT_NAME"
    case .shuttingDown: "it asks for an export while the server is shutting down"
    }
  }
}
