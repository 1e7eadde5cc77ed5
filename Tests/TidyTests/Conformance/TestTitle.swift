/// The title of a test or of a suite, and the items that it claims to show.
struct TestTitle: Equatable {
  /// The path below the top of the repository.
  var path: String
  /// The ids that the title begins with, ranges spelled out.
  var ids: [String]
  /// What follows the ids.
  var text: String

  /// The titles in a file, in order.
  static func all(in source: String, path: String) -> [TestTitle] {
    source.matches(of: /@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"/).map { match in
      TestTitle(String(match.1).replacing("\\\"", with: "\""), path: path)
    }
  }

  /// Takes a title apart: `F1-F3, F10: the flags are those of a read-only disk`.
  init(_ title: String, path: String) {
    self.path = path
    guard let colon = title.firstRange(of: ": "),
      let ids = Self.ids(title[..<colon.lowerBound])
    else {
      self.ids = []
      text = title
      return
    }
    self.ids = ids
    text = String(title[colon.upperBound...])
  }

  /// The ids in a list; `nil` if it is none.
  private static func ids(_ list: Substring) -> [String]? {
    var ids: [String] = []
    for entry in list.split(separator: ", ", omittingEmptySubsequences: false) {
      guard let match = entry.wholeMatch(of: /([A-Z])([0-9]+)(?:-([A-Z])([0-9]+))?/),
        let first = Int(match.2)
      else { return nil }
      guard let letter = match.3 else {
        ids.append("\(match.1)\(first)")
        continue
      }
      // What is no range is not known either, and so is found.
      guard letter == match.1, let last = match.4.flatMap({ Int($0) }), first < last else {
        ids.append(String(entry))
        continue
      }
      ids += (first...last).map { "\(letter)\($0)" }
    }
    return ids
  }

  /// The target and the file of the test.
  var place: String {
    let parts = path.split(separator: "/")
    let file = parts.last.map(String.init) ?? ""
    let name = file.replacing(".swift", with: "")
    return parts.count > 2 ? "\(parts[1])/\(name)" : name
  }

  /// Whether the test talks to a server; others show parts of one.
  var hasClient: Bool { !path.hasPrefix("Tests/NBDProtocolTests/") }
}
