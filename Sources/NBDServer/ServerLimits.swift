/// What clients may cost a server.
public struct ServerLimits: Sendable, Equatable {
  /// How many connections there may be at a time.
  ///
  /// Further ones are closed at once.
  public var connections = 16_384

  /// How many connections one address may have at a time; those over unix sockets
  /// have no address.
  public var connectionsPerAddress = 4096

  /// How long a negotiation may take.
  public var negotiationTime = Duration.seconds(60)

  /// How long a client may be silent in a negotiation.
  public var negotiationIdleTime = Duration.seconds(30)

  /// How many options a client may send.
  public var options = 10_000

  /// Most bytes of an option's data: those of the longest name or query, 4,096,
  /// several times over.
  public var optionSize = 1 << 16

  /// How many bytes of one connection's replies may be on their way from storage.
  public var inFlightSize = 1 << 22

  /// How many bytes of all connections' replies may be on their way from storage, or
  /// wait for clients that do not read them.
  ///
  /// Beyond it, clients that have a reply on its way wait for that, and those that
  /// have not read for a second are cut off, longest first.
  public var bufferSize = 1 << 28

  /// Most bytes that one request may ask for.
  public var requestSize = Int(UInt32.max)

  /// How long the server stays awake for what a client does next, if nobody else needs
  /// the processor; nothing for not at all.
  public var busyPollTime = Duration.microseconds(50)

  /// The limits that serve most purposes.
  public init() {}
}
