import TestSupport
import Testing

@testable import FloppyGenerator

struct NameTests {
  private func short(_ name: String) -> String {
    var table = ShortNameTable()
    let basis = ShortNameBasis(Array(name.utf16))
    let short = table.takeExact(basis) ?? table.takeNumbered(basis)
    return String(decoding: short.bytes, as: UTF8.self)
  }

  @Test(arguments: [
    ("README.TXT", "README  TXT"), ("readme.txt", "README  TXT"), ("Readme.txt", "README  TXT"),
    ("A", "A          "), ("a.b", "A       B  "), (".hidden", "HIDDEN~1   "),
    ("a b", "AB~1       "), ("a.b.c", "AB~1    C  "), ("longname1", "LONGNA~1   "),
    ("x.html", "X~1     HTM"), ("é", "_~1        "), ("日本語.txt", "___~1   TXT"),
    ("😀", "_~1        "),
    ("a+b", "A_B~1      "), ("...", "_~1        "), ("..a", "A~1        "), ("~", "~          "),
    ("AB~1.C", "AB~1    C  "), ("no.ending.", "NOENDI~1   "),
  ])
  func namesHaveShortForms(name: String, short: String) {
    #expect(self.short(name) == short)
  }

  @Test(
    arguments: [
      ("README.TXT", 0), ("readme.txt", 0x18), ("readme.TXT", 0x08), ("README.txt", 0x10),
      ("readme", 0x08), ("123", 0), ("123.a", 0x10), ("Readme", nil), ("toolongname", nil),
      ("a b", nil), ("ü", nil),
    ] as [(String, UInt8?)]
  )
  func caseFlagsReplaceLongNames(name: String, flags: UInt8?) {
    #expect(ShortNameBasis(Array(name.utf16)).caseFlags == flags)
    #expect((DirectoryTable.longSlots(of: Array(name.utf16)) == 0) == (flags != nil))
  }

  @Test(arguments: [(12, 1), (13, 1), (14, 2), (26, 2), (27, 3), (255, 20)])
  func longNamesTakeNoMoreSlotsThanTheyNeed(length: Int, slots: Int) {
    #expect(DirectoryTable.longSlots(of: [UInt16](repeating: 0x62, count: length)) == slots)
  }

  @Test func manyNamesThatStartAlikeAreDistinct() {
    var table = ShortNameTable()
    var names: Set<ShortName> = []
    for number in 0..<60_000 {
      // Several series that share their start once numbers get long.
      let name = "same\(["", "x", "xy", "xyz"][number % 4])-a long one \(number).text"
      names.insert(table.takeNumbered(ShortNameBasis(Array(name.utf16))))
    }
    #expect(names.count == 60_000)
    #expect(names.allSatisfy { $0.bytes.count == 11 && $0.bytes.contains(UInt8(ascii: "~")) })
  }

  @Test func numbersThatAreTakenAreLeftOut() {
    var table = ShortNameTable()
    let taken = table.takeExact(ShortNameBasis(Array("LONGNA~1".utf16)))
    let next = table.takeNumbered(ShortNameBasis(Array("long name".utf16)))
    #expect(taken != nil && String(decoding: next.bytes, as: UTF8.self) == "LONGNA~2   ")
  }

  @Test func checksumIsThatOfTheSpecification() {
    // Computed by hand: each step rotates right and adds.
    var sum: UInt8 = 0
    let name = ShortName(stem: "FILENA~1".utf8, ending: "TXT".utf8)
    for byte in Array("FILENA~1TXT".utf8) {
      sum = (sum & 1 != 0 ? 0x80 : 0) &+ (sum >> 1) &+ byte
    }
    #expect(name.checksum == sum)
  }

  @Test(
    arguments: [
      ("a:b", .forbidden(":")), ("a\\b", .forbidden("\\")), ("a\u{1F}", .forbidden("\u{1F}")),
      ("a.", .endsBadly), ("a ", .endsBadly), ("con", .device), ("COM1.txt", .device),
      ("Lpt9.tar.gz", .device),
    ] as [(String, LongName.Problem)]
  )
  func someNamesAreRefused(name: String, problem: LongName.Problem) {
    let result = LongName.units(of: Array(name.utf8)[...])
    #expect(result == .failure(LongName.ProblemError(problem: problem)))
    let corrected = LongName.corrected(Array(name.utf8)[...])
    let text = String(decoding: corrected, as: UTF16.self)
    #expect(LongName.units(of: Array(text.utf8)[...]) == .success(corrected))
  }

  @Test(arguments: [
    "com", "com10", "com0", "concat", "a b", " a", ".a", "aux_", "ü.ö", "a+b,c;d=e[f]",
  ])
  func otherNamesAreNot(name: String) {
    #expect(LongName.units(of: Array(name.utf8)[...]) == .success(Array(name.utf16)))
  }

  @Test func whatIsNotUnicodeIsRefused() {
    for bytes in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [65, 0x80]] as [[UInt8]] {
      let expected = LongName.ProblemError(problem: .notUnicode)
      #expect(LongName.units(of: bytes[...]) == .failure(expected))
      #expect(!LongName.corrected(bytes[...]).isEmpty)
    }
  }

  @Test(arguments: [("abc", "ABC"), ("äÖ", "ÄÖ"), ("ß", "ß"), ("ŉ", "ŉ"), ("я", "Я"), ("😀", "😀")])
  func caseIsFoldedOneToOne(name: String, folded: String) {
    #expect(LongName.folded(Array(name.utf16)) == Array(folded.utf16))
  }

  @Test func numbersStandBeforeTheEnding() {
    func numbered(_ name: String) -> String {
      String(decoding: LongName.numbered(Array(name.utf16), 2), as: UTF16.self)
    }
    #expect(numbered("a.txt") == "a (2).txt")
    #expect(numbered("a") == "a (2)")
    #expect(numbered(".a") == ".a (2)")
    #expect(numbered(String(repeating: "b", count: 255)).utf16.count == 255)
    #expect(numbered(String(repeating: "😀", count: 127) + "a").utf16.count <= 255)
  }
}
