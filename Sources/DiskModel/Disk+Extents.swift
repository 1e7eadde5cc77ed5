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
    forEachRun(of: KindAspect.self, in: range, limit: steps) { body(Extent($0, $1)) }
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

  /// Visits runs of bytes of `range` that are for the same, in order, until `body`
  /// returns `false`.
  ///
  /// The first and the last run are cut to the range. Bounds are exact to the byte.
  ///
  /// - Parameters:
  ///   - range: What to cover, inside `0..<size`.
  ///   - steps: How many pieces may be looked at before the visit ends early.
  ///     At least one run is visited, unless the range is empty.
  ///   - body: Receives each run, and what it is for; `false` ends the visit.
  public func forEachRole(
    in range: Range<Int>,
    limit steps: Int = .max,
    _ body: (Range<Int>, Segment.Role) -> Bool
  ) {
    forEachRun(of: RoleAspect.self, in: range, limit: steps, body)
  }
}

/// How bytes are stored.
private enum KindAspect: DiskAspect {
  static func value(of content: Segment.Content, as role: Segment.Role?) -> Extent.Kind? {
    content.uniformKind
  }

  static func value(of disk: Disk) -> Extent.Kind? { disk.uniformKind }
}

/// What bytes are for.
private enum RoleAspect: DiskAspect {
  static func value(of content: Segment.Content, as role: Segment.Role?) -> Segment.Role? {
    role ?? content.uniformRole
  }

  static func value(of disk: Disk) -> Segment.Role? { disk.uniformRole }
}
