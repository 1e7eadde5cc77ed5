extension Disk {
  /// Visits the extents of `range` in order, neighbours of one kind merged,
  /// until `body` returns `false`.
  ///
  /// The first and the last extent are cut to the range. Bounds are exact to
  /// the byte.
  ///
  /// - Parameters:
  ///   - range: What to cover, inside `0..<size`.
  ///   - steps: How many pieces may be looked at before the visit ends early.
  ///     At least one extent is visited, unless the range is empty.
  ///   - body: Receives each extent; `false` ends the visit.
  public func forEachExtent(
    in range: Range<Int>,
    limit steps: Int = .max,
    _ body: (Extent) -> Bool
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "the range lies on the disk")
    var pending: Extent?
    var stepsLeft = steps
    let isComplete = visitPieces(of: range, movedBy: 0) { piece in
      stepsLeft -= 1
      guard let merged = pending else {
        pending = piece
        return stepsLeft > 0
      }
      if merged.kind == piece.kind {
        pending?.range = merged.range.lowerBound..<piece.range.upperBound
        return stepsLeft > 0
      }
      guard body(merged) else {
        pending = nil
        return false
      }
      pending = piece
      return stepsLeft > 0
    }
    if let last = pending, isComplete || stepsLeft <= 0 { _ = body(last) }
  }

  /// The extents of `range`, neighbours of one kind merged.
  public func extents(in range: Range<Int>) -> [Extent] {
    var extents: [Extent] = []
    forEachExtent(in: range) { extent in
      extents.append(extent)
      return true
    }
    return extents
  }

  /// Visits the pieces of `range` unmerged, with `distance` added to their
  /// bounds; `false` if `body` ended the visit.
  private func visitPieces(
    of range: Range<Int>,
    movedBy distance: Int,
    _ body: (Extent) -> Bool
  ) -> Bool {
    guard !range.isEmpty else { return true }
    if let kind = uniformKind {
      return body(Extent(range.lowerBound + distance..<range.upperBound + distance, kind))
    }
    var index = segmentIndex(at: range.lowerBound)
    while index < segmentCount {
      let segment = self.range(ofSegmentAt: index)
      let covered = segment.clamped(to: range)
      guard !covered.isEmpty else { break }
      let moved = covered.lowerBound + distance..<covered.upperBound + distance
      let goesOn =
        switch contents[index] {
        case .zeros(.hole): body(Extent(moved, .hole))
        case .zeros(.written): body(Extent(moved, .zero))
        case .bytes, .source: body(Extent(moved, .data))
        case .repeating(let unit, let phase):
          unit.visitPeriods(
            from: unit.phase(phase, advancedBy: covered.lowerBound - segment.lowerBound),
            over: moved,
            body
          )
        }
      guard goesOn else { return false }
      index += 1
    }
    return true
  }

  /// Visits the pieces of the disk repeated over `range`, which starts at
  /// `phase` of the disk; `false` if `body` ended the visit.
  private func visitPeriods(
    from phase: Int,
    over range: Range<Int>,
    _ body: (Extent) -> Bool
  ) -> Bool {
    if let kind = uniformKind { return body(Extent(range, kind)) }
    var position = range.lowerBound
    var start = phase
    while position < range.upperBound {
      let count = min(size - start, range.upperBound - position)
      let piece = start..<start + count
      guard visitPieces(of: piece, movedBy: position - start, body) else { return false }
      position += count
      start = 0
    }
    return true
  }
}
