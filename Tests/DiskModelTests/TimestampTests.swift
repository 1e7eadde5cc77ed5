import DiskModel
import Testing

struct TimestampTests {
  @Test func timestampsAreInTheOrderOfTime() {
    let ordered = [
      Timestamp(seconds: .min),
      Timestamp(seconds: -2, nanoseconds: 999_999_999),
      Timestamp(seconds: -1, nanoseconds: 0),
      Timestamp(seconds: -1, nanoseconds: 1),
      Timestamp(seconds: 0),
      Timestamp(seconds: 0, nanoseconds: 1),
      Timestamp(seconds: 1),
      Timestamp(seconds: 1 << 31),
      Timestamp(seconds: .max, nanoseconds: 999_999_999),
    ]
    #expect(ordered.reversed().sorted() == ordered)
    for (earlier, later) in zip(ordered, ordered.dropFirst()) {
      #expect(earlier < later)
      #expect(!(later < earlier))
      #expect(earlier != later)
    }
  }
}
