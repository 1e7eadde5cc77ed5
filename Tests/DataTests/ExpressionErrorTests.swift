import DiskModel
import GeneratorKit
import TestSupport
import Testing

@testable import DataGenerator

@Suite("An error in a data expression")
struct ExpressionErrorTests {
  @Test(
    "says what is wrong, and points at it",
    arguments: [
      (
        "1 2 300",
        [
          "a byte is at most 255; le16: and be16: make words of larger numbers",
          "    1 2 300", "        ^^^",
        ]
      ),
      ("(1 2", ["this ( is never closed; a ) is missing", "    (1 2", "    ^"]),
      ("1 )", ["there is no ( that this ) would close", "    1 )", "      ^"]),
      ("1 \\x", ["\\x is not defined here; -> \\x defines it", "    1 \\x", "      ^^"]),
      (
        "@8 1 @<=8",
        [
          "the offset is 9 here, and may be 8 at most: 1 byte over", "    @8 1 @<=8",
          "         ^^^^",
        ]
      ),
      (
        "1 @=512",
        [
          "the offset is 1 here instead of 512: 511 bytes short", "    1 @=512",
          "      ^^^^^",
        ]
      ),
      ("@1 @-2", ["the offset is 1 here, and cannot go back by 2", "    @1 @-2", "       ^^^"]),
      (
        "\"ab\"[1:3]",
        [
          "the slice reaches to 3, but there are only 2 bytes", "    \"ab\"[1:3]",
          "        ^^^^^",
        ]
      ),
      ("1*8E", ["the number of repetitions is larger than 2^63 - 1", "    1*8E", "     ^^^"]),
      ("1*4E*2", ["the disk would be larger than 2^63 - 1 bytes", "    1*4E*2", "        ^^"]),
      ("le16:65536", ["too large for a word of 2 bytes", "    le16:65536", "    ^^^^^^^^^^"]),
      ("1\n2 ?", ["\"?\" means nothing here", "line 2: 2 ?", "          ^"]),
      ("@^3", ["an alignment is a power of two", "    @^3", "    ^^^"]),
    ] as [(String, [String])]
  )
  func placesAreShown(expression: String, lines: [String]) {
    #expect(errorLines(expression) == lines)
  }

  @Test("in a variable tells the way there")
  func chainsAreTold() {
    let lines = errorLines("1 $a", "a=2 $b", "b=3 \"")
    #expect(
      lines == [
        "the string has no end; a \" is missing", "    3 \"", "      ^",
        "which is the value of $b, used here:", "    2 $b", "      ^^",
        "which is the value of $a, used here:", "    1 $a", "      ^^",
      ]
    )
  }

  @Test(
    "is found before anything is served",
    arguments: [
      ["$a", "a=$a"], ["$a", "a=$b", "b=$a"], ["1*$n", "n=$n"], ["1*$n", "n=x"], ["@$n", "n=-1"],
      ["1*$n"], [String(repeating: "(", count: 4096)],
      [String(repeating: "(", count: 1000) + String(repeating: ")", count: 1000)],
      ["@9223372036854775807 1"], ["@9223372036854775807 @+1"], ["1*4611686018427387904*2"],
      ["(1 @4E)*2"], ["\"a\"[2:1]"], ["\"a\"[1"], ["\"a\"[:]]"], ["0x"], ["le16:"], ["le16:1x"],
      ["<"], ["<()"], ["<("], ["->"], ["1 ->"], ["1 -> 2"], ["*2"], ["@"], ["@^0"], ["$"], ["${a}"],
      ["\\"], ["\"\\x4\""], ["\"\\1\""], ["1-2"], ["-1"], ["1,2"], ["data=1", "raw=2"], [],
      ["base64=MTI"], ["base64=M==="], ["base64=MTI=M"], ["base64=_-_-"], ["size=1M"],
    ]
  )
  func everyErrorIsFound(words: [String]) {
    #expect(throws: GeneratorError.self) { _ = try build(words) }
  }

  @Test("in an operand that does not count is none")
  func unusedOperandsAreNotLookedAt() throws {
    #expect(try build(["\\undefined*0 <nothing[3:3] \\undefined -> \\unused"]).size == 0)
  }
}
