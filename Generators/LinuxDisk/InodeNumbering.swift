import FileTree

/// Which inode is what.
///
/// Numbers are arithmetic: inodes are in the order of the tree's nodes, behind
/// the reserved ones. Behind them are further ones of files with very many names.
///
/// What has an inode of its own is called a file here, and counted from 0: first all
/// nodes, then the further ones.
struct InodeNumbering: Sendable {
  /// `EXT2_ROOT_INO`.
  static let root = 2
  /// `EXT2_JOURNAL_INO`.
  static let journal = 8
  /// `EXT2_GOOD_OLD_FIRST_INO`, where lost+found goes unless the tree has one.
  static let first = 11

  /// Number of nodes in the tree.
  let nodeCount: Int

  /// Inodes of nodes that have one already.
  let further: FurtherInodes

  /// Whether inode 11 is a lost+found that the tree does not have.
  let addsLostAndFound: Bool

  init(_ tree: Tree) {
    nodeCount = tree.nodes.count
    further = FurtherInodes(tree)
    let name = Array("lost+found".utf8)[...]
    addsLostAndFound = !tree.nodes[0].children.contains { index in
      tree.text[tree.name(of: tree.entries[index])] == name
    }
  }

  /// Number of files.
  var fileCount: Int { nodeCount + further.shares.count }

  /// The node that file `file` is, or shows.
  func node(ofFile file: Int) -> Int {
    file < nodeCount ? file : Int(further.shares[file - nodeCount].node)
  }

  /// Number of names of a file that is no directory.
  func linkCount(ofFile file: Int, in tree: Tree) -> Int {
    if file >= nodeCount { return further.shares[file - nodeCount].linkCount }
    return min(Int(tree.nodes[file].linkCount), Inode.linkLimit)
  }

  /// The inode of file `file`; that of a node is its first.
  func inode(of file: Int) -> Int {
    file == 0 ? Self.root : file + Self.first - (addsLostAndFound ? 0 : 1)
  }

  /// The inode that an entry of the tree names.
  func inode(of node: Int, namedBy entry: Int) -> Int {
    if further.shares.isEmpty { return inode(of: node) }
    return inode(of: further.share(of: node, entry: entry).map { nodeCount + $0 } ?? node)
  }

  /// The last inode that is used, or the last reserved one.
  var last: Int { Self.first - 1 + (fileCount - 1) + (addsLostAndFound ? 1 : 0) }

  /// What inode `number` is for.
  func owner(of number: Int) -> Owner {
    switch number {
    case Self.root: return .file(0)
    case Self.journal: return .journal
    case ..<Self.first: return .reserved
    case Self.first where addsLostAndFound: return .lostAndFound
    default:
      let file = number - Self.first + (addsLostAndFound ? 0 : 1)
      return file < fileCount ? .file(file) : .unused
    }
  }

  /// What an inode is for.
  enum Owner: Equatable {
    case file(Int)
    case journal
    case lostAndFound
    case reserved
    case unused
  }
}
