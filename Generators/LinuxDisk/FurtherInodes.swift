import FileTree

/// The inodes of files that have more names than one inode may have, beyond each
/// file's first.
///
/// A file's first 65,000 names, in the order of the tree, are those of its first inode,
/// and so on. All of a file's inodes show the same attributes and content.
struct FurtherInodes: Sendable {
  /// All of them, in the order of nodes and names.
  private(set) var shares: [Share] = []

  /// Where the shares of a node start.
  private var firstShares: [UInt32: Int] = [:]

  /// One inode.
  struct Share: Sendable {
    var node: UInt32
    /// The entry with the first of its names.
    var firstEntry: UInt32
    /// Number of its names.
    var linkCount: Int
  }

  /// Finds the files that need them; usually there are none.
  init(_ tree: Tree) {
    let limit = Inode.linkLimit
    var nameCounts: [UInt32: Int] = [:]
    for (index, node) in tree.nodes.enumerated()
    where node.linkCount > limit && node.kind != .directory {
      nameCounts[UInt32(index)] = 0
    }
    guard !nameCounts.isEmpty else { return }
    for (index, entry) in tree.entries.enumerated() {
      guard let count = nameCounts[entry.node] else { continue }
      nameCounts[entry.node] = count + 1
      guard count > 0, count % limit == 0 else { continue }
      let rest = Int(tree.nodes[Int(entry.node)].linkCount) - count
      let share = Share(node: entry.node, firstEntry: UInt32(index), linkCount: min(limit, rest))
      shares.append(share)
    }
    shares.sort { ($0.node, $0.firstEntry) < ($1.node, $1.firstEntry) }
    for (index, share) in shares.enumerated().reversed() { firstShares[share.node] = index }
  }

  /// Number of files that have them.
  var fileCount: Int { firstShares.count }

  /// Which share of a node a name belongs to; `nil` if to the first inode.
  func share(of node: Int, entry: Int) -> Int? {
    guard let first = firstShares[UInt32(node)] else { return nil }
    var found: Int?
    for index in first..<shares.count {
      guard shares[index].node == UInt32(node), shares[index].firstEntry <= entry else { break }
      found = index
    }
    return found
  }
}
