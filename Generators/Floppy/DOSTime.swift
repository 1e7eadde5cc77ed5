import CHost
import DiskModel

/// A time as FAT stores it: local, in steps of 2 seconds, from 1980 to 2107.
struct DOSTime: Equatable, Sendable {
  /// Year since 1980, month and day in 7, 4 and 5 bits (`DIR_WrtDate`).
  var date: UInt16
  /// Hour, minute and half of the seconds in 5, 6 and 5 bits (`DIR_WrtTime`).
  var time: UInt16
  /// What the 2 seconds leave out, in hundredths of a second (`DIR_CrtTimeTenth`).
  var hundredths: UInt8

  /// 1980-01-01 00:00:00 and 2107-12-31 23:59:59, in seconds since 1970.
  private static let range: ClosedRange<Int64> = 315_532_800...4_354_819_199

  /// The time in a zone; what FAT cannot store becomes the nearest that it can.
  init(_ timestamp: Timestamp, in zone: TimeZone) {
    let (local, overflow) = timestamp.seconds.addingReportingOverflow(
      zone.offset(at: timestamp.seconds)
    )
    let seconds = overflow ? timestamp.seconds : local
    guard Self.range.contains(seconds) else {
      let isEarly = seconds < Self.range.lowerBound
      let bound = isEarly ? Self.range.lowerBound : Self.range.upperBound
      self.init(seconds: bound, hundredths: isEarly ? 0 : 99)
      return
    }
    self.init(seconds: seconds, hundredths: Int(timestamp.nanoseconds / 10_000_000))
  }

  private init(seconds: Int64, hundredths: Int) {
    let day = Int(seconds / 86_400)
    let second = Int(seconds % 86_400)
    let (year, month, dayOfMonth) = Self.civil(day)
    date = UInt16((year - 1980) << 9 | month << 5 | dayOfMonth)
    time = UInt16((second / 3600) << 11 | (second / 60 % 60) << 5 | second % 60 / 2)
    self.hundredths = UInt8(second % 2 * 100 + hundredths)
  }

  /// Year, month and day of a day since 1970, not negative.
  private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    // Years that start in March have their leap day at the end. The day 0 of
    // that calendar is 0000-03-01, and 400 years have 146,097 days.
    let marchDay = day + 719_468
    let era = marchDay / 146_097
    let dayOfEra = marchDay % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + 400 * era + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}

/// What a clock on the wall shows, compared to UTC.
enum TimeZone: Equatable, Sendable {
  /// So many seconds ahead of UTC, always.
  case fixed(Int64)
  /// The host's, with summer times.
  case local

  /// Parses `UTC`, `local`, `+HH:MM` and `-HH:MM`; `nil` for anything else.
  init?(_ text: String) {
    switch text.lowercased() {
    case "utc", "z":
      self = .fixed(0)
    case "local":
      self = .local
    default:
      guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
      let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), parts.allSatisfy({ (1...2).contains($0.count) }),
        let hours = UInt8(parts[0]), hours <= 14,
        let minutes = parts.count == 1 ? 0 : UInt8(parts[1]), minutes < 60
      else { return nil }
      let offset = Int64(hours) * 3600 + Int64(minutes) * 60
      self = .fixed(sign == "-" ? -offset : offset)
    }
  }

  /// How many seconds it is ahead of UTC at a time.
  func offset(at seconds: Int64) -> Int64 {
    switch self {
    case .fixed(let offset): offset
    case .local: host_local_offset(seconds)
    }
  }
}
