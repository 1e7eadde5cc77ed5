import GeneratorKit
import Testing

struct ManualTests {
  private static func manual(text: String, discussion: String) -> Manual {
    Manual(
      name: "demo",
      summary: "a disk for tests",
      mainParameter: "dir",
      parameters: [
        .init("dir", "DIRECTORY", isRequired: true, text),
        .init("size", "SIZE", "How large it is."),
      ],
      discussion: discussion
    )
  }

  @Test func thePageHasUsageParametersAndDiscussion() {
    let manual = Self.manual(
      text: "What is on it.",
      discussion: "One\nparagraph.\n\n  $ as it   is\n  $ two lines\n\nLast."
    )
    #expect(
      manual.page() == """
        demo: a disk for tests

            nbdgen [options] demo [dir=]DIRECTORY [size=SIZE]

          dir=DIRECTORY
              What is on it.

          size=SIZE
              How large it is.

        One paragraph.

          $ as it   is
          $ two lines

        Last.
        """
    )
  }

  @Test(arguments: [30, 40, 79, 132])
  func linesFitTheWidth(width: Int) {
    let words = (1...200).map { String(repeating: "x", count: $0 % 11 + 1) }
    let text = words.joined(separator: " ")
    let page = Self.manual(text: text, discussion: text + "\n\n" + text).page(width: width)
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    for line in lines where !line.hasPrefix("    nbdgen") && !line.hasPrefix("    [") {
      #expect(line.count <= width, "\(line)")
    }
    let kept = page.split(whereSeparator: \.isWhitespace).filter { $0.allSatisfy { $0 == "x" } }
    #expect(kept.map(String.init) == words + words + words)
  }

  @Test func aWordThatIsTooLongHasALineOfItsOwn() {
    let long = String(repeating: "y", count: 100)
    let page = Self.manual(text: "a \(long) b", discussion: "c").page(width: 40)
    #expect(page.contains("\n      a\n      \(long)\n      b\n"))
  }

  /// More than one empty line separates paragraphs like one.
  @Test func indentedLinesKeepTheirIndentation() {
    let page = Self.manual(text: "a", discussion: "one\n\n\n  $ two  words\n\nthree").page()
    #expect(page.hasSuffix("one\n\n  $ two  words\n\nthree"))
  }
}
