extension Negotiation {
  /// Options that a client may send for each export but the first.
  ///
  /// The longest legal sequences list the exports, and ask a few things about each.
  private static let optionsPerExport = 8

  /// How many options a client may send in all.
  ///
  /// - Parameters:
  ///   - limit: How many it may send if there is one export.
  ///   - exportCount: How many exports it may ask for.
  /// - Returns: The limit and 8 more for each further export; `Int.max` if that is no
  ///   `Int`.
  static func optionLimit(_ limit: Int, exportCount: Int) -> Int {
    let further = optionsPerExport.multipliedReportingOverflow(by: max(0, exportCount - 1))
    let sum = limit.addingReportingOverflow(further.partialValue)
    return further.overflow || sum.overflow ? .max : sum.partialValue
  }
}
