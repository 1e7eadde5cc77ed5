import Testing

@testable import FileTree

@Suite("Words of manifests")
struct ManifestWordTests {
  /// Every word with its line and column, lines separated by bars.
  private func words(_ text: String, hasEscapes: Bool = true) -> String {
    var lines = ManifestLines(Array(text.utf8), hasEscapes: hasEscapes)
    var found: [String] = []
    while let first = lines.nextLine() {
      var words = ["\(first.text)@\(first.place)"]
      while let word = lines.nextWord() { words.append("\(word.text)@\(word.place)") }
      found.append(words.joined(separator: " "))
    }
    return found.joined(separator: " | ")
  }

  @Test(arguments: [
    ("", ""), ("\n\n \t\n", ""), ("a", "a@1:1"), ("a b\nc", "a@1:1 b@1:3 | c@2:1"),
    ("  a\t b \n", "a@1:3 b@1:6"), ("# c\na # c d\n#x\n b#c", "a@2:1 | b#c@4:2"),
    ("a \\\n  b\nc", "a@1:1 b@2:3 | c@3:1"), ("a\\\nb", "a@1:1 b@2:1"),
    ("\\\n\\\na", "a@3:1"), ("a\r\nb \r\n", "a@1:1 | b@2:1"), ("a \\\r\n b", "a@1:1 b@2:2"),
    ("a\\\\\nb", "a\\\\@1:1 | b@2:1"), ("a\\", "a\\@1:1"), ("\\", "\\@1:1"), ("\\\n", ""),
    ("\\#a", "\\#a@1:1"), ("a\\ b", "a\\ b@1:1"), ("a\rb", "a\rb@1:1"),
    ("a\\\\\\\nb", "a\\\\@1:1 b@2:1"),
  ])
  func linesOfWords(text: String, expected: String) {
    #expect(words(text) == expected)
  }

  @Test func deviceTablesHaveNoEscapes() {
    #expect(words("a\\ b\\\nc", hasEscapes: false) == "a\\@1:1 b\\@1:4 | c@2:1")
  }

  @Test func whatIsLeftOfALineIsLeftOut() {
    var lines = ManifestLines(Array("a b \\\n c\nd".utf8))
    #expect(lines.nextLine()?.text == "a")
    #expect(lines.nextLine()?.text == "d")
    #expect(lines.nextWord() == nil)
    #expect(lines.nextLine() == nil)
  }

  @Test(arguments: [
    ("plain", "plain"), ("a\\040b", "a b"), ("a\\sb", "a b"), ("\\043\\#", "##"), ("\\\\", "\\"),
    ("\\n\\t\\r\\a\\b\\v\\f\\E", "\n\t\r\u{7}\u{8}\u{B}\u{C}\u{1B}"), ("\\x41\\x5a", "AZ"),
    ("\\1012", "A2"), ("\\0a", "\0a"), ("\\^A\\^?", "\u{1}\u{7F}"), ("\\ \\*\\[", " *["),
  ])
  func escapesAreDecoded(text: String, expected: String) throws {
    #expect(try EncodedName.decode(word(text)) == Array(expected.utf8))
  }

  @Test func bytesThatAreNoTextAreDecoded() throws {
    #expect(
      try EncodedName.decode(word("\\377\\M-a\\M^?\\M^A\\200")) == [0xFF, 0xE1, 0xFF, 0x81, 0x80]
    )
    #expect(try EncodedName.decode(word([0xFF, 0x80])) == [0xFF, 0x80])
  }

  @Test(arguments: [
    ("ab\\q", 3), ("\\", 1), ("a\\M", 2), ("\\M-", 1), ("\\x4", 1), ("\\xg0", 1), ("\\777", 1),
    ("\\^a", 1), ("\\Mxa", 1), ("aa\\s\\9", 5),
  ])
  func wrongEscapesAreNamed(text: String, column: Int) {
    let error = #expect(throws: ManifestError.self) { _ = try EncodedName.decode(word(text)) }
    #expect(error?.place == ManifestPlace(line: 1, column: column))
  }

  @Test(
    arguments: [
      ("0", 0), ("755", 0o755), ("0755", 0o755), ("7777", 0o7777), ("10000", nil), ("8", nil),
      ("u=rwx,go=rx", 0o755), ("u=rw,g=r,o=", 0o640), ("a=r", 0o444), ("=r", 0o444),
      ("u=rwxs,g=rxs,o=rxt", 0o7755), ("+x", 0o111), ("u+rw-w", 0o400), ("ug=rw,o=u", 0o666),
      ("a=rwx,g-w,o-rwx", 0o750), ("o+t", 0o1000), ("g+t", 0), ("a+t", 0o1000),
      ("u=rwx,g=u-w", 0o750),
      ("", nil), ("u", nil), ("u=rq", nil), ("u=r,", nil), ("-1", nil), ("0x1", nil), ("rw", nil),
    ] as [(String, UInt16?)]
  )
  func modes(text: String, expected: UInt16?) {
    #expect(Permissions.parse(Array(text.utf8)[...]) == expected)
  }

  @Test(
    arguments: [
      ("0", 0), ("007", 7), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
      ("99999999999999999999999", nil), ("", nil), ("-1", nil), ("+1", nil), ("1a", nil),
      (" 1", nil),
    ] as [(String, Int?)]
  )
  func decimalNumbers(text: String, expected: Int?) {
    #expect(Number.parse(text.utf8) == expected)
  }

  @Test(
    arguments: [
      ("0x501", 0x501), ("0XfF", 255), ("017", 15), ("0", 0), ("08", nil), ("0x", nil), ("12", 12),
    ] as [(String, Int?)]
  )
  func numbersOfC(text: String, expected: Int?) {
    #expect(Number.parseAsInC(Array(text.utf8)[...]) == expected)
  }
}
