import Foundation

/// A directory with everything that a tree can hold, the same on every run.
///
/// Without the rights of root there are no devices and no other owners in it.
package final class MixedTree: Sendable {
  /// Where it is.
  package let root: RawPath

  /// The one that all tests share; it goes when the process ends.
  package static func shared() throws -> MixedTree { try sharedResult.get() }

  private static let sharedResult = Result { try MixedTree(isFull: true) }

  /// Whether the tests may make devices and give files away.
  package static let isPrivileged = geteuid() == 0

  /// The seed of names, contents and times.
  package static let seed: UInt64 = 0x2026_1121

  /// Makes one in a new directory, which goes when the process ends.
  ///
  /// - Parameter isFull: Whether to make the parts that are many or large:
  ///   25,000 files in `small` and `wide`, and 5 GiB in `large`.
  /// - Throws: What the host says no to.
  package init(isFull: Bool) throws {
    if !Self.isPrivileged { print("not root: no devices and no owners in the mixed tree") }
    root =
      isFull
      ? try MemoryDirectory.shared() / "root" : RawPath(try TemporaryDirectory.shared()("root"))
    var builder = MixedTreeBuilder(root: root, seed: Self.seed)
    try root.makeDirectory()
    try builder.makeTypes()
    try builder.makeSizes()
    try builder.makeSparseFiles()
    try builder.makeLinks()
    try builder.makeNames()
    try builder.makeModes()
    try builder.makeDepth(isFull ? 300 : 30)
    if isFull {
      try builder.makeSmallFiles()
      try builder.makeWidth()
      try builder.makeLargeFile()
    }
    try builder.setTimes()
  }
}
