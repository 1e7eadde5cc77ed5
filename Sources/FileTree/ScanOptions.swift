import CHost
package import DiskModel

/// How a directory is scanned.
package struct ScanOptions: Sendable {
  /// Whether files have their extended attributes.
  package var readsAttributes = true

  /// What becomes of files that change after the scan.
  package var changePolicy = ChangePolicy.error

  /// Whether files are cloned, so that it does not matter if they change.
  package var snapshot = SnapshotPolicy.none

  /// What is left out; nothing of it is opened.
  package var filter = PathFilter()

  /// How many threads may list directories, at least 1.
  package var threadCount = min(8, max(1, Int(host_processor_count())))

  /// Is told now and then how many files were found so far.
  package var progress: @Sendable (_ count: Int) -> Void = { _ in }

  /// Everything is kept, with attributes, and sealed.
  package init() {}
}
