import FileTree

/// The tree as the filesystem numbers and lists it.
struct Catalog: Sendable {
  let tree: Tree
  let numbering: InodeNumbering
  let attributes: AttributePlan

  init(_ tree: Tree) {
    self.tree = tree
    numbering = InodeNumbering(tree)
    attributes = AttributePlan(tree)
  }

  static let lostAndFoundName = Array("lost+found".utf8)

  /// Entries that are listed before the tree's own: `.`, `..`, and in the root
  /// a lost+found that the tree lacks.
  private func ownEntryCount(of directory: Directory) -> Int {
    guard case .node(0) = directory, numbering.addsLostAndFound else { return 2 }
    return 3
  }

  /// Number of entries of a directory, `.` and `..` included.
  func entryCount(of directory: Directory) -> Int {
    let own = ownEntryCount(of: directory)
    guard case .node(let node) = directory else { return own }
    return own + tree.nodes[node].children.count
  }

  /// Entry `index` of a directory, in the order in which it is stored.
  func entry(_ index: Int, of directory: Directory) -> DirectoryEntry {
    switch index {
    case 0:
      return DirectoryEntry(name: [0x2E], inode: inode(of: directory), type: .directory)
    case 1:
      return DirectoryEntry(name: [0x2E, 0x2E], inode: parent(of: directory), type: .directory)
    default:
      let own = ownEntryCount(of: directory)
      guard index >= own, case .node(let node) = directory else {
        let name = Self.lostAndFoundName[...]
        return DirectoryEntry(name: name, inode: InodeNumbering.first, type: .directory)
      }
      let entry = tree.entries[tree.nodes[node].children.lowerBound + index - own]
      let child = Int(entry.node)
      return DirectoryEntry(
        name: tree.text[tree.name(of: entry)],
        inode: numbering.inode(of: child),
        type: .init(tree.nodes[child].kind)
      )
    }
  }

  private func inode(of directory: Directory) -> Int {
    switch directory {
    case .node(let node): numbering.inode(of: node)
    case .lostAndFound: InodeNumbering.first
    }
  }

  private func parent(of directory: Directory) -> Int {
    switch directory {
    case .node(let node): numbering.inode(of: Int(tree.nodes[node].parent))
    case .lostAndFound: InodeNumbering.root
    }
  }

  /// Plans the blocks of a directory.
  func plan(_ directory: Directory) -> DirectoryPlan {
    let own = ownEntryCount(of: directory)
    let ownLengths = [1, 2, Self.lostAndFoundName.count].prefix(own)
    guard case .node(let node) = directory else { return DirectoryPlan(nameLengths: ownLengths) }
    let lengths = tree.nodes[node].children.lazy.map { Int(tree.entries[$0].nameLength) }
    return DirectoryPlan(nameLengths: Chain(first: ownLengths, second: lengths))
  }

  /// Hard links of a directory: `.`, its name, and `..` of each subdirectory;
  /// 1, "too many to count", above the limit (ext4's dir_nlink).
  func linkCount(ofDirectory node: Int) -> Int {
    var count = node == 0 && numbering.addsLostAndFound ? 3 : 2
    for index in tree.nodes[node].children
    where tree.nodes[Int(tree.entries[index].node)].kind == .directory {
      count += 1
    }
    return count > Inode.linkLimit ? 1 : count
  }
}

/// One sequence after the other.
private struct Chain<First: Sequence, Second: Sequence<First.Element>>: Sequence {
  var first: First
  var second: Second

  func makeIterator() -> some IteratorProtocol<First.Element> {
    var first = first.makeIterator()
    var second = second.makeIterator()
    return AnyIterator { first.next() ?? second.next() }
  }
}
