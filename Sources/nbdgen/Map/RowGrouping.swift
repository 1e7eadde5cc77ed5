import DiskModel
import GeneratorKit

/// How pieces are gathered in rows of a table, from none to all files in one.
enum RowGrouping: Hashable {
  /// Each piece has a row.
  case pieces
  /// A file has one row where its parts lie side by side, and so have equal structures.
  case files
  /// Files that lie side by side have one row for each directory down to a depth; 0 is
  /// all of them.
  case directories(depth: Int)

  /// Those that gather, from the finest.
  static let gathering = [files] + (0...7).reversed().map { directories(depth: $0) }
}

/// Pieces that lie side by side and share a row.
struct MapRow {
  var range: Range<Int>
  /// The first piece.
  var first: MapPiece
  private(set) var sizes = CategorySizes()
  private(set) var pieceCount = 1
  private(set) var counts: [Owner.Kind: Int] = [:]
  /// The last group of a structure that several have.
  private(set) var lastGroup: Int?
  /// The directory that all of it is in.
  private(set) var folder: [UInt8]

  /// The last file that was counted; between its parts may be its own structures.
  private var lastPath: [UInt8]?
  private var key: Key

  /// What pieces have to share for a row.
  private struct Key: Equatable {
    var kind: Owner.Kind
    var path: [UInt8]?
    var note: String?
  }

  init(_ piece: MapPiece, _ grouping: RowGrouping) {
    range = piece.range
    first = piece
    key = Self.key(piece.owner, grouping)
    folder = piece.owner.path.map { Self.folder(of: $0, depth: .max) } ?? []
    count(piece)
  }

  private static let files = Owner.Kind(rawValue: "files")
  private static let names = Owner.Kind(rawValue: "directories")

  private static func key(_ owner: Owner, _ grouping: RowGrouping) -> Key {
    guard let path = owner.path, owner.role != .content else {
      return Key(kind: owner.kind, path: nil, note: owner.note)
    }
    guard case .directories(let depth) = grouping else { return Key(kind: files, path: path) }
    let isName = owner.kind == .directory || owner.kind.rawValue == "symbolic link"
    return Key(kind: isName ? names : files, path: folder(of: path, depth: depth))
  }

  /// The first components of the directory that a path is in.
  private static func folder(of path: [UInt8], depth: Int) -> [UInt8] {
    let end = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
    var slashes = 0
    for index in 0..<end where path[index] == UInt8(ascii: "/") {
      slashes += 1
      if slashes > depth { return Array(path[..<index]) }
    }
    return Array(path[..<end])
  }

  private mutating func count(_ piece: MapPiece) {
    sizes[MapCategory(piece.owner)] += piece.range.count
    lastGroup = piece.owner.group
    let kind = piece.owner.kind
    guard kind != .slack && kind != .free else { return }
    if kind == .file {
      if piece.owner.path == lastPath { return }
      lastPath = piece.owner.path
    }
    counts[kind, default: 0] += 1
  }

  /// Adds the piece behind the row, if it belongs to it.
  mutating func take(_ piece: MapPiece, _ grouping: RowGrouping) -> Bool {
    guard grouping != .pieces, key == Self.key(piece.owner, grouping) else { return false }
    if key.path == nil, let group = piece.owner.group, let lastGroup, group != lastGroup + 1 {
      return false
    }
    append(piece)
    return true
  }

  /// Adds what is free behind the row and then a piece, if they belong to it.
  mutating func take(_ gap: MapPiece, _ piece: MapPiece, _ grouping: RowGrouping) -> Bool {
    guard case .directories = grouping, key.path != nil,
      key == Self.key(piece.owner, grouping), gap.range.count <= max(1 << 20, sizes.used)
    else { return false }
    append(gap)
    append(piece)
    return true
  }

  private mutating func append(_ piece: MapPiece) {
    pieceCount += 1
    range = range.lowerBound..<piece.range.upperBound
    if let path = piece.owner.path {
      let common = zip(folder, path).prefix { $0 == $1 }.count
      if common < folder.count {
        let end = folder[..<common].lastIndex(of: UInt8(ascii: "/")) ?? 0
        folder = Array(folder[..<end])
      }
    }
    count(piece)
  }
}

/// Gathers pieces in rows, which it gives away one by one.
struct RowGatherer {
  let grouping: RowGrouping
  private var row: MapRow?
  private var gap: MapPiece?

  init(_ grouping: RowGrouping) { self.grouping = grouping }

  /// Takes the next piece, and gives away the rows that are complete by that.
  mutating func add(_ piece: MapPiece, _ body: (MapRow) -> Void) {
    guard var current = row else {
      row = MapRow(piece, grouping)
      return
    }
    if let held = gap {
      if current.take(held, piece, grouping) {
        gap = nil
        row = current
        return
      }
      gap = nil
      body(current)
      body(MapRow(held, grouping))
      row = MapRow(piece, grouping)
      return
    }
    if current.take(piece, grouping) {
      row = current
    } else if piece.owner.kind == .free {
      gap = piece
    } else {
      body(current)
      row = MapRow(piece, grouping)
    }
  }

  /// Gives away what is left.
  mutating func finish(_ body: (MapRow) -> Void) {
    if let row { body(row) }
    if let gap { body(MapRow(gap, grouping)) }
    (row, gap) = (nil, nil)
  }
}
