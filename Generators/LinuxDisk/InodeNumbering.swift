import FileTree

/// Which inode is what.
///
/// Inodes are in the order of the tree's nodes, behind the reserved ones, with gaps
/// where ``Spacing`` wants them. Behind them are further ones of files with very many
/// names.
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

  /// The first files of runs without gaps, and their inodes.
  private var starts: [(file: Int, inode: Int)]

  /// Numbers the files of a tree, without gaps.
  init(_ tree: Tree) {
    nodeCount = tree.nodes.count
    further = FurtherInodes(tree)
    let name = Array("lost+found".utf8)[...]
    addsLostAndFound = !tree.nodes[0].children.contains { index in
      tree.text[tree.name(of: tree.entries[index])] == name
    }
    starts = [(1, Self.first + (addsLostAndFound ? 1 : 0))]
  }

  /// Numbers the files anew, with gaps before those that have a level.
  ///
  /// - Parameters:
  ///   - levels: The levels of the tree's nodes.
  ///   - blockSize: How many inodes are in a block: gaps end with one.
  mutating func space(by levels: [UInt8], blockSize: Int) {
    var spacing = Spacing(at: 0)
    var next = starts[0].inode
    starts = [(1, next)]
    for file in 1..<max(1, fileCount) {
      let level = file < nodeCount ? levels[file] : 0
      if level > 0 {
        // Inode 1 is at 0 of the tables.
        let alignment = max(blockSize, spacing.alignment(at: next - 1, level: level))
        let aligned = (next - 1 + alignment - 1) / alignment * alignment + 1
        spacing.start(level, at: aligned - 1)
        if aligned > next { starts.append((file, aligned)) }
        next = aligned
      }
      next += 1
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
    if file == 0 { return Self.root }
    let start = starts[lastStart { $0.file <= file }]
    return start.inode + file - start.file
  }

  /// The last run for which `isBefore` holds, as it does for the first.
  private func lastStart(_ isBefore: ((file: Int, inode: Int)) -> Bool) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if isBefore(starts[middle]) { low = middle } else { high = middle }
    }
    return low
  }

  /// The inode that an entry of the tree names.
  func inode(of node: Int, namedBy entry: Int) -> Int {
    if further.shares.isEmpty { return inode(of: node) }
    return inode(of: further.share(of: node, entry: entry).map { nodeCount + $0 } ?? node)
  }

  /// The last inode that is used, or the last reserved one.
  var last: Int {
    let start = starts[starts.count - 1]
    return start.inode + fileCount - start.file - 1
  }

  /// The used inodes among `numbers`, as ascending runs; the reserved ones are used.
  func used(among numbers: Range<Int>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var index = lastStart { $0.inode <= numbers.lowerBound }
    if index == 0 {
      let run = (1..<starts[0].inode).clamped(to: numbers)
      if !run.isEmpty { runs.append(run) }
    }
    while index < starts.count && starts[index].inode < numbers.upperBound {
      let end = index + 1 < starts.count ? starts[index + 1].file : fileCount
      let run = starts[index].inode..<starts[index].inode + end - starts[index].file
      let part = run.clamped(to: numbers)
      if !part.isEmpty {
        if let last = runs.last, last.upperBound == part.lowerBound {
          runs[runs.count - 1] = last.lowerBound..<part.upperBound
        } else {
          runs.append(part)
        }
      }
      index += 1
    }
    return runs
  }

  /// What inode `number` is for.
  func owner(of number: Int) -> Owner {
    switch number {
    case Self.root: return .file(0)
    case Self.journal: return .journal
    case ..<Self.first: return .reserved
    case Self.first where addsLostAndFound: return .lostAndFound
    default:
      let index = lastStart { $0.inode <= number }
      let file = starts[index].file + number - starts[index].inode
      let end = index + 1 < starts.count ? starts[index + 1].file : fileCount
      return file < end ? .file(file) : .unused
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
