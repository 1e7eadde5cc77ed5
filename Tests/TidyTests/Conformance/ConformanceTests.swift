import Foundation
import Testing

/// Which test shows what of the protocol.
///
/// Titles of tests begin with the items that they show: `R2, N2: many long reads are answered`.
@Suite("Tests show what the protocol asks of a server")
struct ConformanceTests {
  private static let items = ConformanceSection.all.flatMap(\.items)

  private static func titles() throws -> [TestTitle] {
    try TidyTests.files(below: ["Tests"])
      .filter { $0.path.hasSuffix(".swift") }
      .sorted { $0.path < $1.path }
      .flatMap { TestTitle.all(in: $0.text, path: $0.path) }
  }

  private static let clientFolder = "Tests/TestSupport/NBDTestClient"

  /// What the tests' client checks of every reply: its errors begin with ids.
  private static func checkedIDs() throws -> Set<String> {
    let matches = try TidyTests.files(below: [clientFolder])
      .flatMap { $0.text.matches(of: /"([A-Z][0-9]+):\s/).map { String($0.1) } }
    return Set(matches)
  }

  @Test("items are numbered without gaps, each with a sentence")
  func numbers() {
    for section in ConformanceSection.all {
      let expected = section.items.indices.map { "\(section.letter)\($0 + 1)" }
      #expect(section.items.map(\.id) == expected)
    }
    #expect(Set(ConformanceSection.all.map(\.letter)).count == ConformanceSection.all.count)
    #expect(Self.items.count == 164)
    for item in Self.items {
      #expect(item.requirement.hasSuffix("."), "\(item.id)")
    }
  }

  @Test("every item that applies is shown by a client")
  func everyItemIsShown() throws {
    let shown = Set(try Self.titles().filter(\.hasClient).flatMap(\.ids))
    #expect(shown.count > 100)
    for item in Self.items where item.state == .shown {
      #expect(shown.contains(item.id), "\(item.id): \(item.requirement)")
    }
  }

  @Test("no title claims what is not an item, or an item that has no test")
  func claimsAreKnown() throws {
    let states = Dictionary(uniqueKeysWithValues: Self.items.map { ($0.id, $0.state) })
    for title in try Self.titles() {
      #expect(title.ids.count == Set(title.ids).count, "\(title.path): \(title.text)")
      for id in title.ids {
        #expect(states[id] == .shown, "\(title.path): \(id): \(title.text)")
      }
      // An id that is not in front would not count.
      let words = title.text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
      #expect(!words.contains { states[$0] != nil }, "\(title.path): \(title.text)")
    }
    for id in try Self.checkedIDs() { #expect(states[id] != nil, "\(id)") }
  }

  @Test("the client of the tests has nothing from the server")
  func clientIsIndependent() throws {
    let files = try TidyTests.files(below: [Self.clientFolder])
    #expect(files.count > 5)
    for file in files {
      let imports = file.text.split(separator: "\n").filter { $0.contains("import ") }
      #expect(imports.allSatisfy { $0 == "import Glibc" }, "\(file.path)")
    }
    // What drives the server's parts for the fuzzers has to know them.
    let drivers = "Tests/NBDServerTests/Fuzzing/"
    for file in try TidyTests.files(below: ["Tests/NBDServerTests"])
    where !(file.path.hasPrefix(drivers) && file.path.hasSuffix("FuzzEntry.swift")) {
      #expect(!file.text.contains("import NBDProtocol"), "\(file.path)")
    }
  }

  @Test("the page says what the titles say; NBDGEN_RECORD=1 writes it")
  func page() throws {
    let text = ConformancePage(titles: try Self.titles(), checkedIDs: try Self.checkedIDs()).text
    let file = TidyTests.top.appendingPathComponent(ConformancePage.path)
    if ProcessInfo.processInfo.environment["NBDGEN_RECORD"] == "1" {
      let folder = file.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let committed = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    // Line by line, as nobody could read a difference of the whole.
    let (old, new) = (committed.split(separator: "\n"), text.split(separator: "\n"))
    for change in new.difference(from: old) {
      switch change {
      case .insert(_, let line, _): Issue.record("\(ConformancePage.path) lacks: \(line)")
      case .remove(_, let line, _): Issue.record("\(ConformancePage.path) has: \(line)")
      }
    }
    #expect(committed == text, "run with NBDGEN_RECORD=1 to write \(ConformancePage.path)")
  }

  @Test("titles are taken apart, and what is no list of items is text")
  func titlesAreTakenApart() {
    let source = """
      %Test("Z4-Z7, I6: sizes", arguments: 0..<4)
      %Test(
        "X1: a \\"name\\": long"
      )
      %Suite("Floppy: no items") struct Suite {}
      %Suite(.serialized) struct Other {}
      %Test("I2-I1, A1-B2: no ranges") func f() {}
      %Test("X1,X2: no list") func f() {}
      """
      // Written like this, as the titles of this file are read as well.
      .replacing("%", with: "@")
    let seen = TestTitle.all(in: source, path: "Tests/SomeTests/FileTests.swift")
    #expect(
      seen.map(\.ids) == [["Z4", "Z5", "Z6", "Z7", "I6"], ["X1"], [], ["I2-I1", "A1-B2"], []]
    )
    let texts = ["sizes", "a \"name\": long", "Floppy: no items", "no ranges", "X1,X2: no list"]
    #expect(seen.map(\.text) == texts)
    #expect(seen.first?.place == "SomeTests/FileTests")
  }
}
