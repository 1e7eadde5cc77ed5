import CHost

extension [UInt8] {
  /// Makes room for twice as much, in pages of 2 MiB if there is so much and the host has
  /// them.
  ///
  /// Reading at random offsets of much memory takes as long for finding out where a page is
  /// as for its bytes; of large pages there are few.
  package mutating func growInHugePages() {
    guard capacity >= 1 << 21 else { return }
    var larger: [UInt8] = []
    larger.reserveCapacity(2 * capacity)
    unsafe larger.withUnsafeBufferPointer { room in
      unsafe host_prefer_huge_pages(room.baseAddress, larger.capacity)
    }
    larger += self
    self = larger
  }
}
