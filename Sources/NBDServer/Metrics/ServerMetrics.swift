/// What a server has done so far, and what it holds.
public struct ServerMetrics: Sendable {
  /// What was counted on all connections.
  public internal(set) var tally = Tally()

  /// Connections that were accepted, also those that were closed at once.
  public internal(set) var connectionCount = 0

  /// Connections that came to use an export.
  public internal(set) var transmissionCount = 0

  /// Connections that the server ended, by reason; others were the client's choice.
  public internal(set) var ends = Counts<EndReason>()

  /// Connections that are open.
  public internal(set) var openCount = 0

  /// Bytes of replies that are on their way from storage, or wait for clients that
  /// do not read them.
  public internal(set) var bufferedSize = 0

  /// How long the server has been there.
  public internal(set) var uptime = Duration.zero

  init() {}
}
