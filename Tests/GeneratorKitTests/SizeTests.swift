import GeneratorKit
import Testing

struct SizeTests {
  @Test(arguments: [
    ("0", 0), ("1", 1), ("512", 512), ("007", 7), ("0E", 0), ("9223372036854775807", Int.max),
    ("9007199254740991K", 9_223_372_036_854_774_784), ("7E", 8_070_450_532_247_928_832),
  ])
  func numbersAreSizes(text: String, size: Int) {
    #expect(Size.parse(text) == size)
  }

  @Test(arguments: zip("bskmgtpe", [0, 9, 10, 20, 30, 40, 50, 60]))
  func unitsArePowersOfTwo(unit: Character, power: Int) {
    #expect(Size.parse("3\(unit)") == 3 << power)
    #expect(Size.parse("3\(unit.uppercased())") == 3 << power)
  }

  @Test(arguments: [
    "", " ", "k", "K", "E", "-1", "+1", "1 ", " 1", "1 k", "1kk", "1kb", "1KiB", "1.5k", "0x10",
    "1_000", "1e3", "12q", "k1", "1k1", "٣", "1\u{0}", "½", "1K\u{301}",
    "9223372036854775808", "8E", "8e", "9007199254740992K", "18446744073709551616",
    "99999999999999999999999999", "18446744073709551617b",
  ])
  func anythingElseIsNone(text: String) {
    #expect(Size.parse(text) == nil)
  }

  @Test func partsOfATextAreParsedToo() {
    #expect(Size.parse("size=10M".dropFirst(5)) == 10 << 20)
  }

  @Test(arguments: [
    (0, "0 bytes"), (2, "2 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (1025, "1 KiB"),
    (1126, "1 KiB"), (1127, "1.1 KiB"), (1536, "1.5 KiB"), (1_048_575, "1023.9 KiB"),
    (1_048_576, "1 MiB"), (2_684_354_560, "2.5 GiB"), (1_099_511_627_776, "1 TiB"),
    (1_125_899_906_842_624, "1 PiB"), (1_152_921_504_606_846_976, "1 EiB"), (Int.max, "7.9 EiB"),
  ])
  func sizesAreDescribedInTheLargestUnit(size: Int, text: String) {
    #expect(Size.describe(size) == text)
  }
}
