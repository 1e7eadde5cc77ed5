import FileTree

/// The tree as the filesystem numbers and lists it.
struct Catalog: Sendable {
  let tree: Tree
  let format: Format
  let numbering: InodeNumbering
  let attributes: AttributePlan

  /// Where checksums of metadata start from; `nil` without them.
  let checksum: Checksum?

  /// How the directories are laid out that do not fit into one block, by node.
  private var plans: [Int: DirectoryPlan] = [:]

  /// Plans all directories.
  init(_ tree: Tree, _ format: Format, _ identity: FilesystemIdentity) {
    self.tree = tree
    self.format = format
    numbering = InodeNumbering(tree)
    attributes = AttributePlan(tree, numbering, format)
    checksum = format.hasChecksums ? Checksum(uuid: identity.uuid) : nil
    let hash = DirectoryHash(seed: identity.hashSeed)
    for (index, node) in tree.nodes.enumerated() where node.kind == .directory {
      if !fitsIntoBlock(.node(index)) { plans[index] = plan(.node(index), sortedBy: hash) }
    }
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
      let number = tree.nodes[node].children.lowerBound + index - own
      let entry = tree.entries[number]
      let child = Int(entry.node)
      return DirectoryEntry(
        name: tree.text[tree.name(of: entry)],
        inode: numbering.inode(of: child, namedBy: number),
        type: .init(tree.nodes[child].kind)
      )
    }
  }

  /// The name of entry `index` in the tree's text; `nil` if the tree lacks it.
  private func nameRange(_ index: Int, of directory: Directory) -> Range<Int>? {
    let own = ownEntryCount(of: directory)
    guard index >= own, case .node(let node) = directory else { return nil }
    return tree.name(of: tree.entries[tree.nodes[node].children.lowerBound + index - own])
  }

  private func nameLength(_ index: Int, of directory: Directory) -> Int {
    if index < 2 { return index + 1 }
    return nameRange(index, of: directory)?.count ?? Self.lostAndFoundName.count
  }

  func inode(of directory: Directory) -> Int {
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

  /// How the blocks of a directory are laid out.
  func plan(_ directory: Directory) -> DirectoryPlan {
    guard case .node(let node) = directory else { return .single }
    return plans[node] ?? .single
  }

  /// Whether a directory of the tree has an index.
  func isIndexed(_ node: Int) -> Bool {
    guard case .indexed? = plans[node] else { return false }
    return true
  }

  /// Bytes of a block for entries: all, or what a checksum leaves.
  private var entryRoom: Int {
    format.blockSize - (format.hasChecksums ? DirectoryPlan.tailSize : 0)
  }

  private func fitsIntoBlock(_ directory: Directory) -> Bool {
    var room = entryRoom
    for number in 0..<entryCount(of: directory) {
      room -= DirectoryPlan.entrySize(nameLength: nameLength(number, of: directory))
      if room < 0 { return false }
    }
    return true
  }

  private func plan(_ directory: Directory, sortedBy hash: DirectoryHash) -> DirectoryPlan {
    let entries = 0..<entryCount(of: directory)
    func linear() -> DirectoryPlan {
      let lengths = entries.lazy.map { nameLength($0, of: directory) }
      return .linear(nameLengths: lengths, room: entryRoom)
    }
    guard format.features.contains(.directoryIndex) else { return linear() }
    let text = tree.text
    let keys = entries.dropFirst(2).map { number in
      guard let range = nameRange(number, of: directory) else {
        return DirectoryIndex.Key(hash: hash(Self.lostAndFoundName.span), entry: number)
      }
      return DirectoryIndex.Key(hash: hash(text.span.extracting(range)), entry: number)
    }
    let shape = DirectoryIndex.Shape(format)
    let index = DirectoryIndex(keys, shape) { nameLength($0, of: directory) }
    return index.map { .indexed($0) } ?? linear()
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
