public import DiskModel

/// A recipe for disks that depend on the client that asks for them.
public struct SessionRecipe: Sendable {
  /// Whether clients that use equal names read equal bytes, whoever they are and
  /// whenever they read.
  public var isSameForAll: Bool

  /// Makes the disk of one session.
  ///
  /// The client chooses the input, and may wish this process ill: time and memory
  /// are bounded, and nothing of the host is given away.
  public var make: @Sendable (Session) throws(SessionFailure) -> Disk

  /// Creates a recipe.
  public init(
    isSameForAll: Bool,
    make: @escaping @Sendable (Session) throws(SessionFailure) -> Disk
  ) {
    self.isSameForAll = isSameForAll
    self.make = make
  }
}

/// What a disk may depend on: one client that asks for it.
public struct Session: Sendable {
  /// The name that the client asks for: at most 4,096 bytes, none of them NUL,
  /// and not always UTF-8; empty for the default.
  public var exportName: [UInt8]

  /// Where the client is: `address:port`, with brackets around IPv6, or `unix`.
  public var address: String

  /// When the client connected.
  public var connectedAt: ContinuousClock.Instant

  /// What is known of the connection besides, for people.
  public var facts: [(subject: String, value: String)]

  /// Creates a session.
  public init(
    exportName: [UInt8],
    address: String = "unix",
    connectedAt: ContinuousClock.Instant = .now,
    facts: [(subject: String, value: String)] = []
  ) {
    self.exportName = exportName
    self.address = address
    self.connectedAt = connectedAt
    self.facts = facts
  }
}

/// Why a client gets no disk.
public struct SessionFailure: Error, Equatable {
  /// What is wrong and what to do, in one line for the client's user.
  public var problem: String

  /// Creates a failure.
  public init(_ problem: String) { self.problem = problem }
}
