public import DiskModel

/// A run of bytes of a disk that belong to the same, as a ``DiskMap`` tells.
public struct MapPiece: Sendable, Equatable {
  /// The bytes of the disk; never empty.
  public var range: Range<Int>

  /// What they belong to.
  public var owner: Owner

  /// Creates a piece.
  public init(_ range: Range<Int>, _ owner: Owner) {
    self.range = range
    self.owner = owner
  }

  /// The part of the piece inside a range, which it meets.
  public func clamped(to other: Range<Int>) -> MapPiece {
    var part = self
    part.range = range.clamped(to: other)
    part.owner.offset = owner.offset.map { $0 + part.range.lowerBound - range.lowerBound }
    return part
  }

  /// The piece as it is on a disk that holds this one from an offset on.
  public func moved(by distance: Int) -> MapPiece {
    MapPiece(range.lowerBound + distance..<range.upperBound + distance, owner)
  }
}

/// What bytes of a disk belong to: a structure or a file.
public struct Owner: Sendable, Equatable {
  /// What it is called in the field: "inode table", "file", "free".
  public var kind: Kind

  /// What the bytes are for, as segments have it; `nil` if that differs within a
  /// repetition.
  public var role: Segment.Role?

  /// The group of an ext filesystem that a structure is in or about.
  public var group: Int?

  /// The inode that the bytes are of.
  public var inode: Int?

  /// Of what belongs to a file, the file's path in the filesystem, from `/` on.
  ///
  /// It is the first one of several. What is no filesystem has paths of the host.
  /// Names may be any bytes.
  public var path: [UInt8]?

  /// Where the first byte is in the file or structure.
  public var offset: Int?

  /// Size of the file in bytes.
  public var size: Int?

  /// The file of the host that has the bytes, for people.
  public var source: String?

  /// What else is known, for people: "copy 2".
  public var note: String?

  /// Creates an owner.
  public init(
    _ kind: Kind,
    _ role: Segment.Role?,
    group: Int? = nil,
    inode: Int? = nil,
    path: [UInt8]? = nil,
    offset: Int? = nil,
    size: Int? = nil,
    note: String? = nil
  ) {
    self.kind = kind
    self.role = role
    self.group = group
    self.inode = inode
    self.path = path
    self.offset = offset
    self.size = size
    self.note = note
  }

  /// What something on a disk is called, in the singular and in lower case.
  ///
  /// Generators may have kinds of their own.
  public struct Kind: Sendable, Hashable, RawRepresentable {
    /// The word, or words.
    public var rawValue: String

    /// Creates a kind of this name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Nothing uses the bytes.
    public static let free = Kind(rawValue: "free")
    /// What is left of a file's last block or cluster.
    public static let slack = Kind(rawValue: "slack")
    /// Content of a file.
    public static let file = Kind(rawValue: "file")
    /// The names in a directory.
    public static let directory = Kind(rawValue: "directory")
  }

  /// Bytes that nothing uses.
  public static let free = Owner(.free, .free)
}
