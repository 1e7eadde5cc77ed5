/// A promise of disks that a disk breaks.
package struct ConformanceViolation: Error, CustomStringConvertible {
  /// What is wrong.
  package var problem: String

  /// The bytes of the disk that were looked at.
  package var range: Range<Int>

  /// Finds the same problem again.
  package var seed: UInt64

  /// One line with the range and the seed.
  package var description: String { "at \(range) (seed \(seed)): \(problem)" }
}
