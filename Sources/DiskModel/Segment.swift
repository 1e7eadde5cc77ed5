/// A part of a disk whose bytes come from one place.
public struct Segment: Sendable {
  /// The bytes of the disk that the segment covers; never empty.
  public var range: Range<Int>

  /// Where the bytes come from.
  public var content: Content

  /// What the bytes are for; `nil` if their content says all that is known.
  public var role: Role?

  /// What bytes of a disk are for.
  ///
  /// The numbers are those of the meta context `nbdgen:segment`; they never change.
  public enum Role: UInt8, Sendable, CaseIterable {
    /// Content of which nothing more is known, such as that of an expression.
    case content = 0
    /// What holds things together: partition tables, superblocks, bitmaps,
    /// allocation tables, inodes, directories, journals.
    case metadata = 1
    /// What files hold; also the zeros of a file's hole if it has room on the disk.
    case fileData = 2
    /// What nothing uses.
    case free = 3
    /// What is left of a file's last block or cluster.
    case slack = 4
  }

  /// Where the bytes of a segment come from.
  public enum Content: Sendable {
    /// Bytes that read as zero and take no storage.
    case zeros(ZeroKind)

    /// Bytes in memory, starting `offset` bytes into the array. The array is
    /// shared, never copied, however it is sliced.
    case bytes([UInt8], offset: Int)

    /// A disk repeated over and over; the first byte of the segment is the
    /// one at `phase` of the unit. The unit is not empty.
    case repeating(Disk, phase: Int)

    /// Bytes that a source produces when they are read; the first byte of the
    /// segment is the one at `offset` of the source.
    case source(any ByteSource, offset: Int)

    /// The kind of all of its bytes, if there is one.
    var uniformKind: Extent.Kind? {
      switch self {
      case .zeros(.hole): .hole
      case .zeros(.written): .zero
      case .bytes, .source: .data
      case .repeating(let unit, _): unit.uniformKind
      }
    }

    /// The role of all of its bytes if nobody gave it one; `nil` if it has several.
    package var uniformRole: Role? {
      switch self {
      case .zeros(.hole): .free
      case .zeros(.written), .bytes, .source: .content
      case .repeating(let unit, _): unit.uniformRole
      }
    }

    /// The content that starts `count` bytes further on.
    func advanced(by count: Int) -> Content {
      switch self {
      case .zeros:
        self
      case .bytes(let bytes, let offset):
        .bytes(bytes, offset: offset + count)
      case .repeating(let unit, let phase):
        .repeating(unit, phase: unit.phase(phase, advancedBy: count))
      case .source(let source, let offset):
        .source(source, offset: offset + count)
      }
    }
  }

  /// Why bytes read as zero without being stored.
  public enum ZeroKind: Sendable, Equatable {
    /// There never was content here.
    case hole
    /// Somebody wrote zeros here.
    case written
  }
}
