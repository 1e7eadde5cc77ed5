package import SystemPackage

/// Host files that are opened in the same way, each with a number.
///
/// The numbers mean something to the set only: a scanned tree has thousands of
/// files in one set, a file named on the command line is a set of one.
package protocol HostFileSet: AnyObject, Sendable {
  /// Keeps the set's files open, up to its capacity.
  var descriptors: DescriptorCache { get }

  /// What file `index` was when the disk was built.
  func seal(of index: Int) -> FileSeal

  /// Size of file `index` in bytes when the disk was built.
  func size(of index: Int) -> Int

  /// Opens file `index` for reading.
  ///
  /// - Throws: `resourceTemporarilyUnavailable` if it would have to wait and
  ///   may not.
  func open(_ index: Int, mayWait: Bool) throws(Errno) -> CInt

  /// Path of file `index`, for people.
  func path(of index: Int) -> String

  /// What becomes of files that changed; ``ChangePolicy/error`` unless it is said.
  var changePolicy: ChangePolicy { get }
}

extension HostFileSet {
  package var changePolicy: ChangePolicy { .error }
  package func size(of index: Int) -> Int { seal(of: index).size }
}
