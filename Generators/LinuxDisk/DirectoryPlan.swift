import FileTree

/// How the entries of a directory are spread over its blocks.
///
/// Entries lie one after the other, in the order of the tree; one that does not
/// fit into a block starts the next.
struct DirectoryPlan: Sendable {
  /// The first entry of each block, counted from 0 with `.` and `..`.
  let firstEntries: [UInt32]

  var blockCount: Int { firstEntries.count }

  /// Bytes of an entry with a name of `length` bytes, a multiple of 4.
  static func entrySize(nameLength length: Int) -> Int { (8 + length + 3) & ~3 }

  /// Plans over the lengths of all names, `.` and `..` included.
  init(nameLengths: some Sequence<Int>) {
    var firstEntries: [UInt32] = []
    var used = blockSize
    var index: UInt32 = 0
    for length in nameLengths {
      let size = Self.entrySize(nameLength: length)
      if used + size > blockSize {
        firstEntries.append(index)
        used = 0
      }
      used += size
      index += 1
    }
    self.firstEntries = firstEntries
  }
}

/// A name in a directory, with the inode that it is for.
struct DirectoryEntry {
  var name: ArraySlice<UInt8>
  var inode: Int
  var type: FileType

  /// `file_type` of a directory entry.
  enum FileType: UInt8 {
    case regular = 1
    case directory = 2
    case characterDevice = 3
    case blockDevice = 4
    case fifo = 5
    case socket = 6
    case symbolicLink = 7

    init(_ kind: Node.Kind) {
      self =
        switch kind {
        case .regular: .regular
        case .directory: .directory
        case .symbolicLink: .symbolicLink
        case .characterDevice: .characterDevice
        case .blockDevice: .blockDevice
        case .fifo: .fifo
        case .socket: .socket
        }
    }
  }
}
