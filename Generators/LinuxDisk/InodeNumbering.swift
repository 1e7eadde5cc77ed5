import FileTree

/// Which inode is what.
///
/// Numbers are arithmetic: inodes are in the order of the tree's nodes, behind
/// the reserved ones.
struct InodeNumbering: Sendable {
  /// `EXT2_ROOT_INO`.
  static let root = 2
  /// `EXT2_JOURNAL_INO`.
  static let journal = 8
  /// `EXT2_GOOD_OLD_FIRST_INO`, where lost+found goes unless the tree has one.
  static let first = 11

  /// Number of nodes in the tree.
  let nodeCount: Int

  /// Whether inode 11 is a lost+found that the tree does not have.
  let addsLostAndFound: Bool

  init(_ tree: Tree) {
    nodeCount = tree.nodes.count
    let name = Array("lost+found".utf8)[...]
    addsLostAndFound = !tree.nodes[0].children.contains { index in
      tree.text[tree.name(of: tree.entries[index])] == name
    }
  }

  /// The inode of node `node`.
  func inode(of node: Int) -> Int {
    node == 0 ? Self.root : node + Self.first - (addsLostAndFound ? 0 : 1)
  }

  /// The last inode that is used, or the last reserved one.
  var last: Int { Self.first - 1 + (nodeCount - 1) + (addsLostAndFound ? 1 : 0) }

  /// What inode `number` is for.
  func owner(of number: Int) -> Owner {
    switch number {
    case Self.root: return .node(0)
    case Self.journal: return .journal
    case ..<Self.first: return .reserved
    case Self.first where addsLostAndFound: return .lostAndFound
    default:
      let node = number - Self.first + (addsLostAndFound ? 0 : 1)
      return node < nodeCount ? .node(node) : .unused
    }
  }

  /// What an inode is for.
  enum Owner: Equatable {
    case node(Int)
    case journal
    case lostAndFound
    case reserved
    case unused
  }
}
