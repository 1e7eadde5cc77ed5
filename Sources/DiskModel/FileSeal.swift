/// What a host file was when the disk was built: enough to tell that it is
/// still the same file with the same content.
public struct FileSeal: Sendable, Equatable {
  /// The host's number of the filesystem that holds the file.
  public var device: UInt64
  /// The file's number there.
  public var inode: UInt64
  /// Size in bytes.
  public var size: Int
  /// When the content last changed.
  public var modified: Timestamp
  /// When content or attributes last changed; cannot be set back.
  public var changed: Timestamp

  /// Creates a seal.
  public init(
    device: UInt64,
    inode: UInt64,
    size: Int,
    modified: Timestamp,
    changed: Timestamp
  ) {
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
    self.changed = changed
  }

  /// How the file of `current` differs from the sealed one, for people; `nil`
  /// if it does not.
  func difference(from current: FileSeal) -> String? {
    if current.device != device || current.inode != inode {
      return "another file has taken its place since the disk was built"
    }
    if current.size != size {
      return "the file's size changed from \(size) to \(current.size) since the disk was built"
    }
    if current.modified != modified {
      return "the file was modified since the disk was built"
    }
    if current.changed != changed {
      return "the file or its attributes changed since the disk was built"
    }
    return nil
  }
}

/// A point in time as filesystems store it.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Seconds since 1970-01-01 00:00:00 UTC, negative before.
  public var seconds: Int64
  /// Nanoseconds within the second, 0..<1,000,000,000.
  public var nanoseconds: UInt32

  /// Creates a point in time.
  public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Whether `left` is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}
