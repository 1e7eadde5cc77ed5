/// A run of blocks of a file that lie side by side on the filesystem.
struct Run: Sendable, Equatable {
  /// First block, counted from the start of the file.
  var logical: UInt32
  /// Number of blocks, at most 32,768.
  var count: UInt32
  /// First block on the filesystem.
  var physical: Int
}

/// The blocks that hold a file's map, if they do not fit into its inode.
final class MapBlocks: Sendable {
  /// How the blocks refer to each other.
  let tree: Kind

  /// Where the blocks are, in the order of their numbers.
  let locations: [Range<Int>]

  /// The two ways of mapping.
  enum Kind: Sendable {
    case indirect(IndirectTree)
    case extents(ExtentTree)
  }

  init(_ tree: Kind, at locations: [Range<Int>]) {
    self.tree = tree
    self.locations = locations
  }

  /// Number of blocks.
  var count: Int { locations.reduce(0) { $0 + $1.count } }

  /// Where block `number` is.
  func location(of number: Int) -> Int {
    var rest = number
    for run in locations {
      if rest < run.count { return run.lowerBound + rest }
      rest -= run.count
    }
    preconditionFailure("the block is one of the map's")
  }
}

/// Where the blocks of one inode are.
struct FileMap: Sendable {
  /// The runs of its content, ascending by logical block.
  var runs: ArraySlice<Run>

  /// The blocks that hold the map itself; `nil` if they fit into the inode.
  var mapBlocks: MapBlocks?

  /// Number of blocks, the map's own included.
  var blockCount: Int {
    runs.reduce(0) { $0 + Int($1.count) } + (mapBlocks?.count ?? 0)
  }

  /// Where the blocks of its content are, in their order.
  var locations: [Range<Int>] {
    runs.map { $0.physical..<$0.physical + Int($0.count) }
  }

  /// Where logical block `block` is; `nil` in a hole.
  func location(of block: Int) -> Int? {
    var low = runs.startIndex
    var high = runs.endIndex
    while low < high {
      let middle = (low + high) / 2
      if Int(runs[middle].logical) <= block { low = middle + 1 } else { high = middle }
    }
    guard low > runs.startIndex else { return nil }
    let run = runs[low - 1]
    let distance = block - Int(run.logical)
    return distance < Int(run.count) ? run.physical + distance : nil
  }
}
