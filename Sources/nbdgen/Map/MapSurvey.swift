import GeneratorKit

/// What one look at all pieces tells of a disk, before anything is drawn.
struct MapSurvey {
  let map: any DiskMap
  private(set) var sizes = CategorySizes()
  private(set) var pieceCount = 0
  /// Pieces of slack.
  private(set) var slackCount = 0

  /// The categories in each cell of a bar.
  private(set) var cells: [CategorySizes]

  /// Free pieces by the power of two of their size: how many, and their bytes.
  private(set) var freePieces = [(count: Int, size: Int)](repeating: (0, 0), count: 64)

  private var gatherers = RowGrouping.gathering.map { RowGatherer($0) }
  private var rowCounts = [Int](repeating: 0, count: RowGrouping.gathering.count)

  /// Looks at a whole disk.
  ///
  /// - Parameters:
  ///   - map: The disk's map.
  ///   - cellCount: How many cells a bar has.
  ///   - limit: Groupings of more rows are of no interest.
  init(_ map: any DiskMap, cellCount: Int, limit: Int) {
    self.map = map
    cells = [CategorySizes](repeating: CategorySizes(), count: max(1, cellCount))
    _ = map.visit(0..<map.size) { piece in
      add(piece, limit: limit)
      return true
    }
    for index in gatherers.indices {
      gatherers[index].finish { _ in rowCounts[index] += 1 }
    }
  }

  private mutating func add(_ piece: MapPiece, limit: Int) {
    pieceCount += 1
    let category = MapCategory(piece.owner)
    sizes[category] += piece.range.count
    if category == .slack { slackCount += 1 }
    if category == .free {
      let power = Int.bitWidth - 1 - piece.range.count.leadingZeroBitCount
      freePieces[power].count += 1
      freePieces[power].size += piece.range.count
    }
    for cell in self.cell(at: piece.range.lowerBound)...self.cell(at: piece.range.upperBound - 1) {
      cells[cell][category] += range(ofCell: cell).clamped(to: piece.range).count
    }
    for index in gatherers.indices where rowCounts[index] <= limit {
      gatherers[index].add(piece) { _ in rowCounts[index] += 1 }
    }
  }

  private func cell(at offset: Int) -> Int {
    // A cell's start is rounded down, so this one or the next.
    let (high, low) = offset.multipliedFullWidth(by: cells.count)
    let cell = map.size.dividingFullWidth((high, low)).quotient
    return cell + 1 < cells.count && range(ofCell: cell).upperBound <= offset ? cell + 1 : cell
  }

  private func range(ofCell index: Int) -> Range<Int> {
    func bound(_ index: Int) -> Int {
      let (high, low) = map.size.multipliedFullWidth(by: index)
      return cells.count.dividingFullWidth((high, low)).quotient
    }
    return bound(index)..<bound(index + 1)
  }

  /// The finest grouping of at most so many rows; the coarsest if there is none.
  func grouping(ofAtMost limit: Int) -> RowGrouping {
    let index = rowCounts.firstIndex { $0 <= limit } ?? rowCounts.count - 1
    return RowGrouping.gathering[index]
  }
}
