/// The page that says which tests show what, as Markdown.
struct ConformancePage {
  var titles: [TestTitle]
  /// Ids of what the client of the tests checks with every reply.
  var checkedIDs: Set<String>

  /// Where it is in the repository.
  static let path = "docs/conformance.md"

  var text: String {
    ([introduction] + ConformanceSection.all.map(section)).joined(separator: "\n\n") + "\n"
  }

  private var introduction: String {
    let items = ConformanceSection.all.flatMap(\.items)
    let shown = items.count { $0.state == .shown }
    return """
      # Conformance

      What the NBD protocol asks of a server, and which tests show that nbdgen does it. Of \
      \(items.count) items
      \(shown) are shown; the others do not apply to this server, which only reads.

      The specification is [`doc/proto.md`][master] of the NetworkBlockDevice project; for extended
      headers it is that of the branch [`extension-ext-header`][headers], and for RESIZE of the branch
      [`extension-resize`][resize]. The items are ours: the specification has neither their ids, which
      are a letter for the subject and a number, nor their words. Where the two differ, it is right.

      [master]: \(Self.specification("master"))
      [headers]: \(Self.specification("extension-ext-header"))
      [resize]: \(Self.specification("extension-resize"))

      The levels are the specification's, as far as it has any:

      | Level | Meaning |
      |---|---|
      | must | It says MUST, or nothing would work without. |
      | should | It says SHOULD. |
      | may | It leaves the matter to the server. |
      | robust | It does not ask for it; clients in use do, or who runs a server. |

      The client of most tests is `Tests/TestSupport/NBDTestClient`, which shares no code with the
      server; in `InteropTests` it is a program that others wrote, or a few lines of Python. What the
      first checks of all it receives, in any test, is marked with *every reply*. The tests in
      `NBDProtocolTests` have no client: they show negotiation as a value, and the layout of messages.

      The tests write this page. It follows their titles and the list of items, which is in
      `Tests/TidyTests/Conformance`; after a change there

      ```sh
      NBDGEN_RECORD=1 swift test --filter ConformanceTests
      ```

      writes it anew. Tests fail while it is out of date, while an item has no test with a client, and
      while a title claims something that is no item.
      """
  }

  private static func specification(_ branch: String) -> String {
    "https://github.com/NetworkBlockDevice/nbd/blob/\(branch)/doc/proto.md"
  }

  private func section(_ section: ConformanceSection) -> String {
    let head = """
      ## \(section.letter): \(section.title)

      | Item | Level | What the server does | Shown by |
      |---|---|---|---|
      """
    return ([head] + section.items.map(row)).joined(separator: "\n")
  }

  private func row(_ item: ConformanceItem) -> String {
    let evidence =
      switch item.state {
      case .shown: self.evidence(item).joined(separator: "<br>")
      case .notApplicable(let reason): "*Does not apply*: \(reason)."
      }
    return
      "| \(item.id) | \(item.level.rawValue) | \(Self.escaped(item.requirement)) | \(evidence) |"
  }

  private func evidence(_ item: ConformanceItem) -> [String] {
    let tests = titles.filter { $0.ids.contains(item.id) }
      .map { "\(Self.escaped($0.text)) (`\($0.place)`)" }
    return (checkedIDs.contains(item.id) ? ["*every reply*"] : []) + tests
  }

  /// The text without what Markdown would take for its own.
  private static func escaped(_ text: String) -> String {
    text.replacing(/[|*<>\[\]]/) { "\\\($0.0)" }
  }
}
