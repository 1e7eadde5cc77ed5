import FileTree

/// How the entries of a directory are spread over its blocks.
///
/// Entries lie one after the other; one that does not fit into a block starts
/// the next.
enum DirectoryPlan: Sendable {
  /// All are in one block, in the order of the tree.
  case single

  /// They are found by the hashes of their names.
  case indexed(DirectoryIndex)

  /// They are in the order of the tree, and too many for an index; these are
  /// the first ones of each block, counted from 0 with `.` and `..`.
  case linear(firstEntries: [UInt32])

  /// Number of blocks.
  var blockCount: Int {
    switch self {
    case .single: 1
    case .indexed(let index): index.blockCount
    case .linear(let firstEntries): firstEntries.count
    }
  }

  /// Bytes of an entry with a name of `length` bytes, a multiple of 4.
  static func entrySize(nameLength length: Int) -> Int { (8 + length + 3) & ~3 }

  /// Bytes at the end of a block that hold its checksum, in what looks like an entry
  /// for nothing (`ext4_dir_entry_tail`).
  static let tailSize = 12

  /// Plans entries without an index, over the lengths of all names, in blocks that have
  /// `capacity` bytes for them.
  static func linear(nameLengths: some Sequence<Int>, room capacity: Int) -> DirectoryPlan {
    var firstEntries: [UInt32] = []
    var room = 0
    for (index, length) in nameLengths.enumerated() {
      let size = entrySize(nameLength: length)
      if size > room {
        firstEntries.append(UInt32(index))
        room = capacity
      }
      room -= size
    }
    return .linear(firstEntries: firstEntries)
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
