/// What the user should know about a disk, kept short.
struct Remarks {
  /// Why a file is not on the disk under its name.
  enum Reason: Hashable {
    case special
    case linkOutside
    case linkToAncestor
    case renamed
    case leftOut(String)

    fileprivate var text: String {
      switch self {
      case .special: "FAT has no devices, fifos and sockets; left out:"
      case .linkOutside: "symbolic links that lead nowhere, or out of the tree, are left out:"
      case .linkToAncestor: "symbolic links to a directory that they are in are left out:"
      case .renamed: "renamed:"
      case .leftOut(let cause): "left out, as \(cause):"
      }
    }
  }

  private var reasons: [Reason] = []
  private var subjects: [Reason: [String]] = [:]
  private var known: [Reason: Set<String>] = [:]

  /// How many subjects of a reason are named.
  private static let limit = 5

  /// Adds a subject, once.
  mutating func add(_ reason: Reason, _ subject: String) {
    if known[reason] == nil { reasons.append(reason) }
    guard known[reason, default: []].insert(subject).inserted else { return }
    if subjects[reason, default: []].count < Self.limit {
      subjects[reason, default: []].append(subject)
    }
  }

  /// A line for each reason.
  var lines: [String] {
    reasons.map { reason in
      let named = subjects[reason] ?? []
      let rest = (known[reason]?.count ?? 0) - named.count
      let end = rest > 0 ? ", and \(rest) more" : ""
      return "\(reason.text) \(named.joined(separator: ", "))\(end)"
    }
  }
}
