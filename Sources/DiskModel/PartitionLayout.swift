/// What is around a filesystem that fills a disk.
public enum PartitionLayout: String, Sendable, CaseIterable {
  /// A master boot record with one partition.
  case mbr
  /// A GUID partition table with one partition.
  case gpt
  /// Nothing: the disk is the filesystem.
  case none
}
