import DiskModel
import GeneratorKit
import Synchronization
import TestSupport
import Testing

@testable import InfoGenerator

struct TimeSourceTests {
  /// A clock that goes on by one second and one microsecond each time that somebody looks.
  private final class TickingClock: Sendable {
    let count = Atomic(0)

    func next() -> Duration {
      let count = count.add(1, ordering: .relaxed).newValue
      return .seconds(count) + .microseconds(count)
    }
  }

  private func time(_ bytes: [UInt8]) -> (seconds: Int, microseconds: Int) {
    let value = { (part: ArraySlice<UInt8>) in part.reduce(0) { $0 << 8 | Int($1) } }
    return (value(bytes[..<8]), value(bytes[8...]))
  }

  @Test func twelveBytesAreSecondsAndMicroseconds() throws {
    let disk = TimeSource.disk { .seconds(0x1_0203_0405) + .microseconds(999_999) }
    let bytes = try disk.bytes(0..<disk.size)
    #expect(bytes == [0, 0, 0, 1, 2, 3, 4, 5, 0, 0x0F, 0x42, 0x3F])
  }

  @Test func everyWholeReadLooksAtTheClock() throws {
    let clock = TickingClock()
    let disk = TimeSource.disk { clock.next() }
    for count in 1...3 { #expect(time(try disk.bytes(0..<12)) == (count, count)) }
  }

  @Test(
    "The bytes belong together in whatever order they are read",
    arguments: 0..<100 as Range<UInt64>
  )
  func partsBelongTogether(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let clock = TickingClock()
    let disk = TimeSource.disk { clock.next() }
    for count in 1...5 {
      let cuts = [0] + (1..<12).filter { _ in Bool.random(using: &random) } + [12]
      let parts = zip(cuts, cuts.dropFirst()).map { $0..<$1 }.shuffled(using: &random)
      var bytes = [UInt8](repeating: 0xD1, count: 12)
      for part in parts { bytes.replaceSubrange(part, with: try disk.bytes(part)) }
      #expect(time(bytes) == (count, count), "parts \(parts), seed \(seed)")
    }
  }

  @Test func aByteThatIsReadAgainIsNew() throws {
    let clock = TickingClock()
    let disk = TimeSource.disk { clock.next() }
    #expect(try disk.bytes(7..<8) == [1])
    #expect(try disk.bytes(7..<8) == [2])
    #expect(try disk.bytes(11..<12) == [2])
    #expect(try disk.bytes(0..<8).last == 3)
  }

  @Test func eachModeHasItsClock() throws {
    let start = ContinuousClock.now
    let clock = BuildEnvironment.Clock(
      sinceEpoch: { .seconds(1_000_000_000) },
      now: { start + .seconds(50) }
    )
    // The environment's clock stands; so the server has been up for no time.
    let session = Session(exportName: [], connectedAt: start + .seconds(20))
    for (mode, seconds) in [("time", 1_000_000_000), ("uptime", 0), ("conntime", 30)] {
      let disk = try recipe([mode], clock: clock).make(session)
      #expect(time(try disk.bytes(0..<disk.size)) == (seconds, 0))
    }
  }
}
