import DiskModel

extension ConformanceChecker {
  /// A run of bytes that are for the same.
  struct RoleRun: Equatable {
    var range: Range<Int>
    var role: Segment.Role
  }

  /// Every byte of `part` has one role, neighbours have different ones, and they
  /// are those of a larger range, if its `whole` is given.
  ///
  /// - Returns: The roles.
  func checkRoles(
    of part: Range<Int>,
    in whole: [RoleRun]?
  ) throws(ConformanceViolation) -> [RoleRun] {
    var runs: [RoleRun] = []
    disk.forEachRole(in: part) { range, role in
      runs.append(RoleRun(range: range, role: role))
      return true
    }
    var end = part.lowerBound
    for (index, run) in runs.enumerated() {
      guard run.range.lowerBound == end, !run.range.isEmpty else {
        throw violation("a role is that of \(run.range) where one starts at \(end)", part)
      }
      guard index == 0 || runs[index - 1].role != run.role else {
        throw violation("two runs of \(run.role) meet at \(end)", part)
      }
      end = run.range.upperBound
    }
    guard end == part.upperBound else { throw violation("roles end at \(end)", part) }
    if let whole {
      let expected = whole.compactMap { run -> RoleRun? in
        let range = run.range.clamped(to: part)
        return range.isEmpty ? nil : RoleRun(range: range, role: run.role)
      }
      guard runs == expected else {
        throw violation("its roles are \(runs) instead of \(expected)", part)
      }
    }
    return runs
  }
}
