public import DiskModel

/// A recipe that makes a disk from parameters.
///
/// A generator knows nothing of sockets or NBD. It reads no clock and no random
/// numbers: equal parameters and equal inputs give equal disks. What depends on
/// a client is a ``SessionRecipe``.
public protocol Generator: Sendable {
  /// Its name, parameters and manual page.
  static var manual: Manual { get }

  /// Builds the disk, or says why it cannot be built.
  ///
  /// - Throws: ``GeneratorError``; nothing is left behind on the host.
  static func build(
    _ parameters: Parameters,
    in environment: BuildEnvironment
  ) throws(GeneratorError) -> GeneratedDisk
}

/// What a generator makes, and how to speak of it.
public struct GeneratedDisk: Sendable {
  /// What clients read.
  public var content: Content

  /// What it is, in a few words for people: "ext2 filesystem of 17 files".
  public var summary: String

  /// What the user should know about the disk, a line each; often nothing.
  public var notes: [String]

  /// Tells one recipe from another: what the disk is made from, and how, as a number in
  /// hexadecimal digits; `nil` if the generator does not know without making it.
  ///
  /// Equal recipes make equal disks, on every host.
  public var recipe: String?

  /// Makes the map that tells what lies where; `nil` if nothing is known but the disk's
  /// segments.
  ///
  /// It may hold on to memory that the disk does not need: who has no use for it sets
  /// it to `nil`.
  public var makeMap: (@Sendable () -> any DiskMap)?

  /// What clients read, and who decides it.
  public enum Content: Sendable {
    /// One disk for all clients.
    case disk(Disk)

    /// A disk that depends on the client that asks for it.
    case perSession(SessionRecipe)
  }

  /// Creates a description of `disk`.
  public init(_ disk: Disk, summary: String, notes: [String] = []) {
    self.init(.disk(disk), summary: summary, notes: notes)
  }

  /// Creates a description of `content`.
  public init(_ content: Content, summary: String, notes: [String] = []) {
    self.content = content
    self.summary = summary
    self.notes = notes
  }

  /// The disk, if it is the same for all clients.
  public var disk: Disk? {
    if case .disk(let disk) = content { disk } else { nil }
  }

  /// What lies where on the disk; `nil` if there is one for each client.
  public var map: (any DiskMap)? {
    disk.map { disk in makeMap?() ?? SegmentMap(disk) }
  }
}

/// What a generator gets from the process that it runs in.
public struct BuildEnvironment: Sendable {
  /// Environment variables, such as `SOURCE_DATE_EPOCH`.
  public var variables: [String: String]

  /// Keeps host files open while the disk is served.
  public var descriptors: DescriptorCache

  /// Whether what parameters say may read files and run scripts that they name;
  /// the input that a generator is made for does not count.
  public var allowsHostAccess: Bool

  /// Tells what time it is, to disks that are about nothing else.
  public var clock: Clock

  /// Is told, often, how far building is: what there is, and how many of it: "files
  /// found", 1000.
  public var progress: @Sendable (_ what: String, _ count: Int) -> Void = { _, _ in }

  /// Creates an environment.
  public init(
    variables: [String: String],
    descriptors: DescriptorCache,
    allowsHostAccess: Bool = true,
    clock: Clock = .stopped
  ) {
    self.variables = variables
    self.descriptors = descriptors
    self.allowsHostAccess = allowsHostAccess
    self.clock = clock
  }

  /// When what is made should seem to have been made: `SOURCE_DATE_EPOCH`, in
  /// seconds since 1970, if it is set.
  ///
  /// - Throws: ``GeneratorError/usage(parameter:problem:)`` if it is no time.
  public func sourceDate() throws(GeneratorError) -> UInt32? {
    let name = "SOURCE_DATE_EPOCH"
    guard let text = variables[name], !text.isEmpty else { return nil }
    guard let time = UInt32(text) else {
      throw .usage(
        parameter: "\(name)=\(text)",
        problem: "not a time; write seconds since 1970, below 2^32"
      )
    }
    return time
  }

  /// Two clocks: one that is right, and one that never jumps.
  public struct Clock: Sendable {
    /// Time since 1970-01-01 00:00 UTC, without leap seconds.
    public var sinceEpoch: @Sendable () -> Duration

    /// Time that goes on steadily, whatever is done to the first clock.
    public var now: @Sendable () -> ContinuousClock.Instant

    /// Creates a pair of clocks.
    public init(
      sinceEpoch: @escaping @Sendable () -> Duration,
      now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
      self.sinceEpoch = sinceEpoch
      self.now = now
    }

    /// Clocks that stand still, at 1970 and at the time of this call.
    public static var stopped: Clock {
      let instant = ContinuousClock.now
      return Clock(sinceEpoch: { .zero }, now: { instant })
    }
  }
}
