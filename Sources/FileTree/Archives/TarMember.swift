package import DiskModel

/// A file in a tar archive.
package struct TarMember: Sendable {
  /// Where it goes: components joined by slashes, empty for the tree's root.
  package var path: [UInt8]

  /// What it is.
  package var kind: Kind

  /// Where its header is in the archive, in bytes.
  package var headerOffset: Int

  /// Permissions, set-user-ID, set-group-ID and sticky bits.
  package var permissions: UInt16 = 0
  package var user: UInt32 = 0
  package var group: UInt32 = 0
  package var modified = Timestamp(seconds: 0)

  /// Extended attributes, in any order.
  package var attributes: [ExtendedAttribute] = []

  /// What a member is.
  package enum Kind: Sendable, Equatable {
    case regular(Content)
    case directory
    case symbolicLink(target: [UInt8])
    /// A further name of another member, whose path this is.
    case hardLink(target: [UInt8])
    case characterDevice(Node.DeviceNumber)
    case blockDevice(Node.DeviceNumber)
    case fifo
  }

  /// Where the content of a regular file is.
  package struct Content: Sendable, Equatable {
    /// Bytes of the file.
    package var size: Int
    /// Where its bytes are in the archive, those that it has.
    package var offset: Int
    /// Where the file has data, in order; `nil` if all of it is.
    ///
    /// The runs are side by side in the archive.
    package var ranges: [Range<Int>]?
  }
}
