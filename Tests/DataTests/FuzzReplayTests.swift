import DiskModel
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import DataGenerator

@Suite("Hostile expressions", .timeLimit(.minutes(30)))
struct FuzzReplayTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("findings")

  /// What the fuzzer once found, and some that it might find.
  static let findings: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).sorted()
  }()

  @Test("that were found once are survived", arguments: findings)
  func findingsAreSurvived(name: String) throws {
    checkStrangersExpression(Array(try Data(contentsOf: Self.folder.appendingPathComponent(name))))
  }

  @Test("are in the folder")
  func findingsAreThere() {
    #expect(Self.findings.count >= 10)
  }

  @Test("may be any of those that nbdkit was given")
  func casesAreSurvived() {
    for test in DataCase.all {
      for text in test.args { checkStrangersExpression(Array(text.drop { $0 != "=" }.utf8)) }
      for text in test.args {
        checkStrangersExpression(Array(text.utf8.drop { $0 != 61 }.dropFirst()))
      }
    }
  }

  /// Long expressions, made of a part that is repeated.
  static let long: [Long] = [
    .init(repeating: "(", count: 100_000),
    .init("1", repeating: "*2[:1]", count: 20_000),
    .init("1", repeating: #"->\a"#, count: 20_000),
    .init("(1 2 3)->\\a ", repeating: #"(\a*2)[:3]->\a "#, count: 8000, #"\a"#),
    .init(repeating: #"1->\a "#, count: 40_000),
    .init("1", repeating: " @0 1", count: 20_000),
    .init("1->\\a ", repeating: #"(\a 1 @0 2 @+5)->\a "#, count: 5000, #"\a"#),
    .init(
      "(<x)->\\a ",
      repeating: String(repeating: "(1 ", count: 100) + #"\a"#
        + String(repeating: ")", count: 100) + #"->\a "#,
      count: 300,
      #"\a"#
    ),
  ]

  /// A text that repeats itself.
  struct Long: Sendable, CustomTestStringConvertible {
    var start: String
    var part: String
    var count: Int
    var end: String

    init(_ start: String = "", repeating part: String, count: Int, _ end: String = "") {
      (self.start, self.part, self.count, self.end) = (start, part, count, end)
    }

    var text: String { start + String(repeating: part, count: count) + end }
    var testDescription: String { "\(start)\(part.prefix(20)) × \(count)" }
  }

  @Test("may be long", arguments: long)
  func longOnesAreSurvived(expression: Long) {
    checkStrangersExpression(Array(expression.text.utf8))
  }

  /// Small expressions of large disks, their sizes, and how many segments are
  /// enough for them.
  static let compact: [(text: String, size: Int, segments: Int)] = [
    ("((((1 @2)*1000 @+1)*1000 @+1)*1000)", 2_001_001_000, 1),
    ("0x55*1000000000", 1_000_000_000, 1),
    ("(0x55 0xAA)*1E", 2 << 60, 1),
    ("0*9223372036854775807", .max, 1),
    ("@9223372036854775807", .max, 1),
    ("@9223372036854775806 1", .max, 2),
    ("(1 @2)*3*5*7*11*13*17*19*23*29*31*37", 2 * 3_710_369_067_405, 1),
    ("((1 @1M)*1M @+5)*1M[1T:2T]", 1 << 40, 3),
  ]

  @Test("of large disks need few segments", arguments: compact)
  func disksAreCompact(text: String, size: Int, segments: Int) throws {
    let disk = try #require(checkStrangersExpression(Array(text.utf8)))
    #expect(disk.size == size)
    #expect(disk.segmentCount <= segments)
  }

  @Test("of zeros written and not, doubled by names, are not visited one by one")
  func doublingIsShared() throws {
    let unit = String(repeating: "0 @+1 ", count: 40)
    let doublings = String(repeating: #"(\a \a)->\a "#, count: 40)
    let disk = try #require(
      checkStrangersExpression(Array(#"(\#(unit))->\a \#(doublings) \a*2"#.utf8))
    )
    #expect(disk.size == 80 << 41)
    #expect(disk.segmentCount <= 64)
  }

  @Test("that slice a fine disk over and over do not copy it")
  func slicesAreShared() throws {
    let unit = String(repeating: "1 @+1 ", count: 5000)
    let slices = String(repeating: #"\a[1:]->\a (\a @3 7)->\a "#, count: 1000)
    let disk = checkStrangersExpression(Array(#"(\#(unit))->\a \#(slices) \a"#.utf8))
    if let disk { #expect(disk.size == 9000) }
  }
}
