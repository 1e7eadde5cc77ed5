/// Tells what lies where on a disk: which structure or file each byte belongs to.
///
/// A map is computed when it is asked, from what its generator knows anyway; it takes
/// no memory for each piece. It is asked from several threads at once.
public protocol DiskMap: Sendable {
  /// Size of the disk in bytes.
  var size: Int { get }

  /// Visits the pieces of a range in order, until `body` returns `false`.
  ///
  /// The pieces cover the range exactly once; the first and the last are cut to it.
  ///
  /// - Parameters:
  ///   - range: What to visit, inside `0..<size`.
  ///   - body: Receives each piece; `false` ends the visit.
  /// - Returns: Whether the end of the range was reached.
  func visit(_ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool

  /// Tells of one byte as much as is known: of a table, which entry it is in.
  ///
  /// - Parameter offset: The byte, in `0..<size`.
  /// - Returns: A piece that has the byte; as large as what is told is true of.
  func detail(at offset: Int) -> MapPiece

  /// The files that the disk holds; `nil` if it is no filesystem.
  var files: FileTotals? { get }
}

/// How many files a disk holds.
public struct FileTotals: Sendable, Equatable {
  /// Number of regular files whose content has room on the disk.
  public var count: Int
  /// Bytes of their content for which there is room on the disk.
  public var size: Int

  /// Creates totals.
  public init(count: Int = 0, size: Int = 0) {
    self.count = count
    self.size = size
  }
}

extension DiskMap {
  /// What is true of the byte's whole piece.
  public func detail(at offset: Int) -> MapPiece { piece(at: offset) }

  /// It is no filesystem.
  public var files: FileTotals? { nil }

  /// The one byte at an offset as a piece.
  ///
  /// - Precondition: The offset is in `0..<size`.
  public func piece(at offset: Int) -> MapPiece {
    var found: MapPiece?
    _ = visit(offset..<offset + 1) { piece in
      found = piece
      return false
    }
    guard let found else { preconditionFailure("a map covers its disk") }
    return found
  }

  /// All pieces of a range; for disks of few.
  public func pieces(in range: Range<Int>) -> [MapPiece] {
    var pieces: [MapPiece] = []
    _ = visit(range) { piece in
      pieces.append(piece)
      return true
    }
    return pieces
  }
}
