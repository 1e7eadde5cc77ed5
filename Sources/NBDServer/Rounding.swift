extension Int {
  /// The least multiple of `granularity` that is not less, or `Int.max` if it
  /// would exceed that.
  func roundedUp(to granularity: Int) -> Int {
    let excess = self % granularity
    guard excess != 0 else { return self }
    let (result, overflow) = addingReportingOverflow(granularity - excess)
    return overflow ? .max : result
  }
}
