import DiskModel
import Foundation
import TestSupport
import Testing

@testable import FloppyGenerator

struct DOSTimeTests {
  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = Foundation.TimeZone(secondsFromGMT: 0) ?? .current
    return calendar
  }()

  private func time(_ seconds: Int64, _ nanoseconds: UInt32 = 0, _ zone: String = "UTC") -> DOSTime
  {
    DOSTime(
      Timestamp(seconds: seconds, nanoseconds: nanoseconds),
      in: FloppyGenerator.TimeZone(zone) ?? .fixed(0)
    )
  }

  @Test("Fields are what a calendar says", arguments: 0..<50 as Range<UInt64>)
  func calendar(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<40 {
      let seconds = Int64.random(in: 315_532_800...4_354_819_199, using: &random)
      let date = Date(timeIntervalSince1970: TimeInterval(seconds))
      let parts = Self.calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second],
        from: date
      )
      let year = try #require(parts.year)
      let second = try #require(parts.second)
      let time = time(seconds, 250_000_000)
      #expect(Int(time.date >> 9) == year - 1980, "\(seconds)")
      #expect(Int(time.date >> 5 & 15) == parts.month, "\(seconds)")
      #expect(Int(time.date & 31) == parts.day, "\(seconds)")
      #expect(Int(time.time >> 11) == parts.hour, "\(seconds)")
      #expect(Int(time.time >> 5 & 63) == parts.minute, "\(seconds)")
      #expect(Int(time.time & 31) == second / 2, "\(seconds)")
      #expect(Int(time.hundredths) == second % 2 * 100 + 25, "\(seconds)")
    }
  }

  @Test("What FAT cannot say becomes the nearest that it can")
  func clamping() {
    let first = DOSTime(Timestamp(seconds: 315_532_800), in: .fixed(0))
    #expect(first.date == 0 << 9 | 1 << 5 | 1 && first.time == 0 && first.hundredths == 0)
    for seconds in [.min, -1, 0, 315_532_799] as [Int64] { #expect(time(seconds, 5) == first) }
    let last = time(4_354_819_199, 999_999_999)
    #expect(last.date == 127 << 9 | 12 << 5 | 31)
    #expect(last.time == 23 << 11 | 59 << 5 | 29 && last.hundredths == 199)
    for seconds in [4_354_819_200, .max] as [Int64] {
      #expect(time(seconds).date == last.date && time(seconds).time == last.time)
    }
  }

  @Test("Zones move the time", arguments: [("+02:00", 2.0), ("-05:30", -5.5), ("+5", 5), ("Z", 0)])
  func zones(zone: String, hours: Double) {
    let seconds: Int64 = 1_000_000_000
    #expect(time(seconds, 0, zone) == time(seconds + Int64(hours * 3600)))
  }

  @Test(
    "Other texts are no zones",
    arguments: ["", "+", "2", "+15", "+2:60", "+2:0:0", "CET", "+-2"]
  )
  func noZones(text: String) {
    #expect(FloppyGenerator.TimeZone(text) == nil)
  }
}
