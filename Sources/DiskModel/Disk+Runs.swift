/// Something that can be said of every byte of a disk.
protocol DiskAspect {
  /// What is said.
  associatedtype Value: Equatable

  /// What is said of all bytes of a segment; `nil` if it is not the same of all,
  /// which only a repetition may answer.
  static func value(of content: Segment.Content, as role: Segment.Role?) -> Value?

  /// What is said of all bytes of a disk; `nil` if it is not the same of all.
  static func value(of disk: Disk) -> Value?
}

extension Disk {
  /// Visits runs of `range` of which the same is said, in order, until `body`
  /// returns `false`, or `steps` pieces were looked at.
  func forEachRun<Aspect: DiskAspect>(
    of aspect: Aspect.Type,
    in range: Range<Int>,
    limit steps: Int,
    _ body: (Range<Int>, Aspect.Value) -> Bool
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "the range lies on the disk")
    var pending: (range: Range<Int>, value: Aspect.Value)?
    var stepsLeft = steps
    let isComplete = visitPieces(of: range, movedBy: 0, aspect) { piece, value in
      stepsLeft -= 1
      guard let merged = pending else {
        pending = (piece, value)
        return stepsLeft > 0
      }
      if merged.value == value {
        pending?.range = merged.range.lowerBound..<piece.upperBound
        return stepsLeft > 0
      }
      guard body(merged.range, merged.value) else {
        pending = nil
        return false
      }
      pending = (piece, value)
      return stepsLeft > 0
    }
    if let last = pending, isComplete || stepsLeft <= 0 { _ = body(last.range, last.value) }
  }

  /// Visits the pieces of `range` unmerged, with `distance` added to their
  /// bounds; `false` if `body` ended the visit.
  private func visitPieces<Aspect: DiskAspect>(
    of range: Range<Int>,
    movedBy distance: Int,
    _ aspect: Aspect.Type,
    _ body: (Range<Int>, Aspect.Value) -> Bool
  ) -> Bool {
    guard !range.isEmpty else { return true }
    if let value = Aspect.value(of: self) {
      return body(range.lowerBound + distance..<range.upperBound + distance, value)
    }
    var index = segmentIndex(at: range.lowerBound)
    while index < segmentCount {
      let segment = self.range(ofSegmentAt: index)
      let covered = segment.clamped(to: range)
      guard !covered.isEmpty else { break }
      let moved = covered.lowerBound + distance..<covered.upperBound + distance
      let goesOn: Bool
      if let value = Aspect.value(of: contents[index], as: roles[index]) {
        goesOn = body(moved, value)
      } else if case .repeating(let unit, let phase) = contents[index] {
        let start = unit.phase(phase, advancedBy: covered.lowerBound - segment.lowerBound)
        goesOn = unit.visitPeriods(from: start, over: moved, aspect, body)
      } else {
        preconditionFailure("only repetitions have several values")
      }
      guard goesOn else { return false }
      index += 1
    }
    return true
  }

  /// Visits the pieces of the disk repeated over `range`, which starts at
  /// `phase` of the disk; `false` if `body` ended the visit.
  private func visitPeriods<Aspect: DiskAspect>(
    from phase: Int,
    over range: Range<Int>,
    _ aspect: Aspect.Type,
    _ body: (Range<Int>, Aspect.Value) -> Bool
  ) -> Bool {
    if let value = Aspect.value(of: self) { return body(range, value) }
    var position = range.lowerBound
    var start = phase
    while position < range.upperBound {
      let count = min(size - start, range.upperBound - position)
      let piece = start..<start + count
      guard visitPieces(of: piece, movedBy: position - start, aspect, body) else { return false }
      position += count
      start = 0
    }
    return true
  }
}
