/// A run of bytes of a disk that are stored alike.
public struct Extent: Sendable, Equatable {
  /// The bytes of the disk; never empty.
  public var range: Range<Int>

  /// How they are stored.
  public var kind: Kind

  /// How bytes are stored.
  public enum Kind: Sendable, Equatable {
    /// Bytes with content, which may happen to be zero.
    case data
    /// Bytes that were written and are zero.
    case zero
    /// Bytes that never had content; they read as zero.
    case hole
  }

  /// Creates an extent over `range`.
  public init(_ range: Range<Int>, _ kind: Kind) {
    self.range = range
    self.kind = kind
  }
}
