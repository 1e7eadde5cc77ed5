import TestSupport
import Testing

@testable import FileTree

@Suite("Patterns of paths")
struct PathPatternTests {
  @Test(arguments: [
    ("a", "a", true), ("a", "ab", false), ("*", "", true), ("*", "abc", true), ("*.o", "a.o", true),
    ("*.o", ".o", true), ("*.o", "a.oo", false), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
    ("?", "x", true), ("?", "", false), ("??", "x", false), ("[a-c]x", "bx", true),
    ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a-c]x", "ax", false), ("[]]", "]", true),
    ("[!]]", "]", false), ("[a-]", "-", true), ("[\\]x]", "]", true), ("[-a]", "-", true),
    ("\\*", "*", true), ("\\*", "a", false), ("\\[a", "[a", true), ("a\\\\b", "a\\b", true),
    ("**", "a/b/c", true), ("/*", "a", true), ("/*", "a/b", false), ("/**", "a/b", true),
    ("/a/*", "a/b", true), ("/a/*", "a/b/c", false), ("/a/**", "a/b/c", true),
    ("/a/**", "a", false),
    ("a/**/b", "a/b", true), ("a/**/b", "a/x/b", true), ("a/**/b", "a/x/y/b", true),
    ("a/**/b", "a/xb", false), ("a/**/b", "axb", false), ("**/b", "b", true), ("**/b", "a/b", true),
    ("**/b", "a/c/b", true), ("**/b", "ab", false), ("**/b/**", "a/b/c", true),
    ("a**b/c", "a/x/b/c", true), ("a**b/c", "ab/c", true), ("/a?b", "a/b", false),
    ("/a[!x]b", "a/b", false), ("**/**/b", "x/b", true), ("a/***", "a/b/c", true),
    ("\u{E9}", "\u{E9}", true), ("?", "\u{E9}", false), ("??", "\u{E9}", true),
  ])
  func matching(pattern: String, text: String, isMatch: Bool) throws {
    #expect(try PathPattern(pattern).matches(Array(text.utf8)) == isMatch)
  }

  @Test(arguments: [
    ("a", false, false), ("a/", false, true), ("/a", true, false), ("a/b", true, false),
    ("/a/", true, true), ("a/b/", true, true), ("*/", false, true), ("**/a", true, false),
  ])
  func whatIsCompared(pattern: String, comparesPaths: Bool, isForDirectories: Bool) throws {
    let pattern = try PathPattern(pattern)
    #expect(pattern.comparesPaths == comparesPaths)
    #expect(pattern.isForDirectories == isForDirectories)
  }

  @Test(arguments: ["", "/", "//", "[", "[a", "[!", "[]", "a\\", "[z-a]", "[\\", "[a-"])
  func whatIsNoPattern(text: String) {
    #expect(throws: PathPattern.Failure.self) { _ = try PathPattern(text) }
  }

  /// A matcher that tries everything would not come to an end.
  @Test func manyStarsAreQuick() throws {
    let pattern = try PathPattern("/" + String(repeating: "*a**a", count: 40) + "b")
    #expect(!pattern.matches([UInt8](repeating: UInt8(ascii: "a"), count: 2000)))
  }

  /// Against a matcher that tries everything.
  @Test(arguments: 0..<4 as Range<UInt64>)
  func agreesWithASimpleMatcher(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pieces = ["a", "b", "*", "?", "[ab]", "[!a]", "/"]
    var matchCount = 0
    for _ in 0..<3000 {
      let pattern = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }
      let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        Array("ab/".utf8).randomElement(using: &random) ?? 0
      }
      let joined = "x/" + pattern.joined()
      // Two stars in a row are another thing, and so is a slash at the end.
      guard !joined.contains("**"), !joined.hasSuffix("/") else { continue }
      let whole = Array("x/".utf8) + text
      let expected = Self.simple(pattern[...], text[...])
      matchCount += expected ? 1 : 0
      #expect(try PathPattern(joined).matches(whole) == expected, "\(joined) \(whole)")
    }
    #expect(matchCount > 50)
  }

  private static func simple(_ pattern: ArraySlice<String>, _ text: ArraySlice<UInt8>) -> Bool {
    guard let piece = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    if piece == "*" {
      if simple(rest, text) { return true }
      guard let byte = text.first, byte != 0x2F else { return false }
      return simple(pattern, text.dropFirst())
    }
    guard let byte = text.first else { return false }
    let isMatch =
      switch piece {
      case "?": byte != 0x2F
      case "[ab]": byte == 0x61 || byte == 0x62
      case "[!a]": byte != 0x61 && byte != 0x2F
      default: piece.utf8.first == byte
      }
    return isMatch && simple(rest, text.dropFirst())
  }
}
