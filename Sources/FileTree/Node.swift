package import DiskModel

/// A file of a tree: what `stat` tells of it, less what differs from host to host.
package struct Node: Sendable {
  /// What it is.
  package var kind: Kind
  /// Permissions, set-user-ID, set-group-ID and sticky bits: `mode & 0o7777`.
  package var permissions: UInt16
  /// Owner.
  package var user: UInt32
  /// Group.
  package var group: UInt32
  /// Number of names in the tree.
  package var linkCount: UInt32
  /// Bytes of a regular file's content or of a symbolic link's target; else 0.
  package var size: Int
  /// When the content last changed.
  package var modified: Timestamp
  /// Which of the tree's sets of extended attributes it has; 0 is none.
  package var attributes: UInt32 = 0
  /// Device number of a device node, as the host takes it apart.
  package var special: DeviceNumber
  /// Where the content is.
  package var content: Content
  /// The entry that names it (the first, of several); unused for the root.
  package var entry: UInt32
  /// The node of the directory that holds this entry; unused for the root.
  package var parent: UInt32

  /// A file of these attributes with no content yet, which nothing names.
  package init(
    kind: Kind,
    permissions: UInt16,
    user: UInt32 = 0,
    group: UInt32 = 0,
    size: Int = 0,
    modified: Timestamp = Timestamp(seconds: 0),
    attributes: UInt32 = 0,
    special: DeviceNumber = DeviceNumber(major: 0, minor: 0),
    content: Content = .none
  ) {
    self.kind = kind
    self.permissions = permissions
    self.user = user
    self.group = group
    linkCount = 1
    self.size = size
    self.modified = modified
    self.attributes = attributes
    self.special = special
    self.content = content
    entry = 0
    parent = 0
  }

  /// What a file is.
  package enum Kind: UInt8, Sendable {
    case regular, directory, symbolicLink, characterDevice, blockDevice, fifo, socket
  }

  /// A device number in its two parts.
  package struct DeviceNumber: Sendable, Equatable {
    package var major: UInt32
    package var minor: UInt32

    package init(major: UInt32, minor: UInt32) {
      self.major = major
      self.minor = minor
    }
  }

  /// Where the content of a file is.
  package enum Content: Sendable {
    /// There is none: a device, fifo or socket.
    case none
    /// All bytes of a regular file are data.
    case dense
    /// A regular file with holes: a range of the tree's data ranges.
    case sparse(first: UInt32, count: UInt32)
    /// A directory: its entries, side by side.
    case children(first: UInt32, count: UInt32)
    /// A symbolic link: where its target starts in the tree's text.
    case text(offset: Int)
  }

  /// The entries of a directory; empty for anything else.
  package var children: Range<Int> {
    guard case .children(let first, let count) = content else { return 0..<0 }
    return Int(first)..<Int(first) + Int(count)
  }

  /// The target of a symbolic link as a range of the tree's text.
  package var target: Range<Int> {
    guard case .text(let offset) = content else { return 0..<0 }
    return offset..<offset + size
  }
}

/// A name in a directory.
package struct Entry: Sendable {
  /// Where the name starts in the tree's text; a zero byte follows it.
  package var textOffset: Int
  /// Bytes of the name, 1...255.
  package var nameLength: UInt8
  /// The node that the name is for.
  package var node: UInt32
}
