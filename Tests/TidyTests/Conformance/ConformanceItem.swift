/// One thing that the protocol asks of a server.
struct ConformanceItem: Sendable {
  /// How much is asked.
  enum Level: String, CaseIterable, Sendable {
    /// The specification says MUST, or something without which nothing works.
    case must
    /// The specification says SHOULD.
    case should
    /// The specification says MAY, or nothing.
    case may
    /// The specification does not ask for it, and clients or operators do.
    case robust
  }

  /// Whether tests have to show it.
  enum State: Equatable, Sendable {
    case shown
    /// No client of this server can tell, for this reason.
    case notApplicable(String)
  }

  /// A letter and a number, such as `R4`; titles of tests begin with it.
  var id: String
  var level: Level
  /// What the server does, in a sentence.
  var requirement: String
  var state = State.shown

  static func must(_ id: String, _ requirement: String) -> Self {
    ConformanceItem(id: id, level: .must, requirement: requirement)
  }

  static func should(_ id: String, _ requirement: String) -> Self {
    ConformanceItem(id: id, level: .should, requirement: requirement)
  }

  static func may(_ id: String, _ requirement: String) -> Self {
    ConformanceItem(id: id, level: .may, requirement: requirement)
  }

  static func robust(_ id: String, _ requirement: String) -> Self {
    ConformanceItem(id: id, level: .robust, requirement: requirement)
  }

  /// The same, of which no client of this server can tell.
  func notApplicable(_ reason: String) -> Self {
    var item = self
    item.state = .notApplicable(reason)
    return item
  }

}

/// The items of one subject.
struct ConformanceSection: Sendable {
  /// What the items' ids begin with.
  var letter: Character
  var title: String
  var items: [ConformanceItem]

  /// All that is asked, in the order of the specification.
  static let all: [ConformanceSection] = [
    greeting, options, exportName, abort, list, peekExport, security, information,
    structuredReplies, metaContexts, sizes, transmissionFlags, requests, replies, chunks, reading,
    writing, blockStatus, extendedHeaders, errors, endings, robustness, resizing,
  ]
}
