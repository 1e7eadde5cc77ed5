public import DiskModel

/// A recipe that makes a disk from parameters.
///
/// A generator knows nothing of sockets, clients or NBD. It reads no clock and
/// no random numbers: equal parameters and equal inputs give equal disks.
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

/// A disk, and how to speak of it.
public struct GeneratedDisk: Sendable {
  /// The disk.
  public var disk: Disk

  /// What it is, in a few words for people: "ext2 filesystem of 17 files".
  public var summary: String

  /// What the user should know about the disk, a line each; often nothing.
  public var notes: [String]

  /// Creates a description of `disk`.
  public init(_ disk: Disk, summary: String, notes: [String] = []) {
    self.disk = disk
    self.summary = summary
    self.notes = notes
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

  /// Creates an environment.
  public init(
    variables: [String: String],
    descriptors: DescriptorCache,
    allowsHostAccess: Bool = true
  ) {
    self.variables = variables
    self.descriptors = descriptors
    self.allowsHostAccess = allowsHostAccess
  }
}
