/// What an archive may cost in memory, whatever it claims: compressed, a few bytes can
/// stand for very many members.
struct ArchiveBudget {
  /// How many members there may still be.
  private var members = 1 << 24

  /// How many bytes their names, targets and attributes may still have.
  private var text = 1 << 30

  /// How many runs of data sparse files may still have.
  private var runs = 1 << 24

  /// Takes a member off the budget.
  ///
  /// - Parameter member: The member, with all that is kept of it.
  /// - Returns: What is too much, for people; `nil` if nothing is.
  mutating func problem(with member: TarMember) -> String? {
    members -= 1
    text -= member.path.count
    for attribute in member.attributes { text -= attribute.name.count + attribute.value.count }
    switch member.kind {
    case .symbolicLink(let target), .hardLink(let target): text -= target.count
    case .regular(let content): runs -= content.ranges?.count ?? 0
    case .directory, .characterDevice, .blockDevice, .fifo: break
    }
    if members < 0 { return "more than 16 Mi members are in the archive" }
    if text < 0 { return "names and attributes have more than 1 GiB in all" }
    if runs < 0 { return Self.runProblem }
    return nil
  }

  /// Whether a sparse file can have a map of so many numbers, two for each run.
  func allowsMap(of count: Int) -> Bool { count / 2 <= runs }

  static let runProblem = "sparse files have more than 16 Mi runs of data in all"
}
