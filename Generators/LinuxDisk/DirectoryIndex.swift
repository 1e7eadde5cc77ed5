/// How an indexed directory is laid out: its entries sorted by the hashes of
/// their names and packed into leaves, and above them a tree of hashes.
///
/// The tree's root is the directory's first block, then come its other nodes,
/// if there are any, then the leaves. Layout: "Hash Tree Directories" in the
/// kernel's ext4 documentation.
final class DirectoryIndex: Sendable {
  /// The entries in the order of the leaves, counted from 0 with `.` and `..`,
  /// which are in the root instead.
  private let order: [UInt32]

  /// Where each leaf starts in ``order``.
  private let leafStarts: [UInt32]

  /// The lowest hash of each leaf, with the lowest bit set if the leaf before
  /// it ends with the same hash.
  private let leafHashes: [UInt32]

  /// Nodes between the root and the leaves.
  private let nodeCount: Int

  let shape: Shape

  /// How much fits into the blocks of an index.
  struct Shape: Sendable {
    /// Bytes of a leaf for entries.
    var leafRoom: Int

    /// Most children of the root: what is left behind `.`, `..` and the header of
    /// the tree (`dx_root_limit` in the kernel's fs/ext4/namei.c).
    var rootLimit: Int

    /// Most children of any other node, which lie behind an entry without a name
    /// (`dx_node_limit`).
    var nodeLimit: Int

    /// Most leaves: without the large_dir feature there is one level between the
    /// root and them (`EXT4_HTREE_LEVEL_COMPAT`).
    var leafLimit: Int

    init(_ format: Format) {
      // A checksum takes the place of a child (`dx_tail`).
      let reserved = format.hasChecksums ? 1 : 0
      leafRoom = format.blockSize - (format.hasChecksums ? DirectoryPlan.tailSize : 0)
      rootLimit = (format.blockSize - 32) / 8 - reserved
      nodeLimit = (format.blockSize - 8) / 8 - reserved
      leafLimit = rootLimit * nodeLimit
    }
  }

  /// An entry to be sorted: the hash of its name above the entry's number.
  struct Key: Comparable {
    private let bits: UInt64

    init(hash: UInt32, entry: Int) { bits = UInt64(hash) << 32 | UInt64(entry) }

    var entry: UInt32 { UInt32(truncatingIfNeeded: bits) }

    /// The hash as the kernel looks for it: the highest one is the end of a
    /// directory to readers (`EXT4_HTREE_EOF_32BIT`), so the last but one
    /// stands for both.
    var hash: UInt32 { min(UInt32(bits >> 32), 0xFFFF_FFFC) }

    static func < (left: Key, right: Key) -> Bool { left.bits < right.bits }
  }

  /// Plans the index of entries.
  ///
  /// - Returns: `nil` if there would have to be more than `leafLimit` leaves.
  init?(
    _ keys: [Key],
    _ shape: Shape,
    nameLength: (_ entry: Int) -> Int
  ) {
    let keys = keys.sorted()
    var leafStarts: [UInt32] = []
    var leafHashes: [UInt32] = []
    var room = 0
    for (position, key) in keys.enumerated() {
      let size = DirectoryPlan.entrySize(nameLength: nameLength(Int(key.entry)))
      if size > room {
        let isContinued = position > 0 && keys[position - 1].hash == key.hash
        leafStarts.append(UInt32(position))
        leafHashes.append(key.hash | (isContinued ? 1 : 0))
        room = shape.leafRoom
      }
      room -= size
    }
    guard leafStarts.count <= shape.leafLimit else { return nil }
    self.shape = shape
    order = keys.map(\.entry)
    (self.leafStarts, self.leafHashes) = (leafStarts, leafHashes)
    let isFlat = leafStarts.count <= shape.rootLimit
    nodeCount = isFlat ? 0 : (leafStarts.count + shape.nodeLimit - 1) / shape.nodeLimit
  }

  var leafCount: Int { leafStarts.count }

  /// Number of blocks of the directory.
  var blockCount: Int { 1 + nodeCount + leafCount }

  /// Levels of nodes between the root and the leaves (`indirect_levels`).
  var levelCount: Int { nodeCount > 0 ? 1 : 0 }

  /// What is in a block.
  enum Block {
    case root(Children)
    case node(Children)
    /// Entries, in order.
    case leaf(ArraySlice<UInt32>)
  }

  /// The blocks below a node.
  struct Children {
    var count: Int
    /// The block of the first child; the others follow it.
    fileprivate(set) var firstBlock: Int
    fileprivate var firstLeaf: Int
    /// How many leaves all children but the last have below them, or are.
    fileprivate var leavesPerChild: Int
  }

  /// What block `number` of the directory is.
  func block(_ number: Int) -> Block {
    let firstLeafBlock = 1 + nodeCount
    switch number {
    case 0 where nodeCount == 0:
      return .root(Children(count: leafCount, firstBlock: 1, firstLeaf: 0, leavesPerChild: 1))
    case 0:
      return .root(
        Children(count: nodeCount, firstBlock: 1, firstLeaf: 0, leavesPerChild: shape.nodeLimit)
      )
    case ..<firstLeafBlock:
      let first = (number - 1) * shape.nodeLimit
      return .node(
        Children(
          count: min(shape.nodeLimit, leafCount - first),
          firstBlock: firstLeafBlock + first,
          firstLeaf: first,
          leavesPerChild: 1
        )
      )
    default:
      let leaf = number - firstLeafBlock
      let end = leaf + 1 < leafCount ? Int(leafStarts[leaf + 1]) : order.count
      return .leaf(order[Int(leafStarts[leaf])..<end])
    }
  }

  /// The hash from which on names are below child `number`.
  func hash(ofChild number: Int, in children: Children) -> UInt32 {
    leafHashes[children.firstLeaf + number * children.leavesPerChild]
  }
}
