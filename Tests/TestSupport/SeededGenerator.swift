/// Random numbers that are the same on every run: SplitMix64.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts the sequence that belongs to `seed`.
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in `0..<bound` whose magnitude is random too, so that small ones
  /// are as frequent as large ones; 0 if `bound` is 0.
  package mutating func anyMagnitude(below bound: Int) -> Int {
    guard bound > 0 else { return 0 }
    let width = Int.random(in: 0...bound.bitWidth - bound.leadingZeroBitCount, using: &self)
    let limit = width < 63 ? min(bound, 1 << width) : bound
    return Int.random(in: 0..<limit, using: &self)
  }

  /// `count` bytes, none of which is zero.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 1...255, using: &self) }
  }
}
