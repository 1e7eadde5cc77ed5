import DiskModel
import FileTree

/// Gives every inode its blocks: the journal first, then directories and
/// symbolic links, extended attributes, then files, each group in the order of
/// the tree.
///
/// Blocks are handed out in ascending order and never taken back, so the disk
/// can be put together in the order of allocation.
struct LayoutBuilder {
  let catalog: Catalog
  private var format: Format { catalog.format }
  private(set) var allocator: BlockAllocator
  private var runs: [Run] = []
  private var spans: [Layout.Span]
  private var mapBlocks: [Int: MapBlocks] = [:]
  private var attributeMap = FileMap(runs: [])

  /// What was placed, in ascending order of blocks.
  private(set) var placements: [Placement] = []

  /// Blocks of one inode that were handed out together.
  struct Placement {
    /// 0 for the blocks with extended attributes, all of them.
    var inode: UInt32
    /// Whether they hold its map rather than its content.
    var isMap: Bool
  }

  init(catalog: Catalog, geometry: Geometry) {
    self.catalog = catalog
    allocator = BlockAllocator(geometry)
    spans = [Layout.Span](repeating: Layout.Span(), count: catalog.numbering.last + 1)
  }

  /// Places everything.
  mutating func placeAll() {
    if format.journalBlocks > 0 { place(InodeNumbering.journal, [0..<format.journalBlocks]) }
    if catalog.numbering.addsLostAndFound {
      placeDirectory(.lostAndFound, inode: InodeNumbering.first)
    }
    let nodes = catalog.tree.nodes
    let numbering = catalog.numbering
    for file in 0..<numbering.fileCount {
      let inode = numbering.inode(of: file)
      let index = numbering.node(ofFile: file)
      let node = nodes[index]
      switch node.kind {
      case .directory: placeDirectory(.node(index), inode: inode)
      case .symbolicLink where node.size >= 60: place(inode, [0..<1])
      default: break
      }
    }
    placeAttributes()
    for file in 0..<numbering.fileCount {
      let node = nodes[numbering.node(ofFile: file)]
      guard node.kind == .regular && node.size > 0 else { continue }
      place(numbering.inode(of: file), blockRanges(of: node))
    }
  }

  /// Places the blocks with extended attributes.
  private mutating func placeAttributes() {
    let count = catalog.attributes.blocks.count
    guard count > 0 else { return }
    var placed = 0
    while placed < count {
      let run = allocator.take(atMost: count - placed)
      attributeMap.runs.append(
        Run(logical: UInt32(placed), count: UInt32(run.count), physical: run.lowerBound)
      )
      placed += run.count
    }
    placements.append(Placement(inode: 0, isMap: false))
  }

  private mutating func placeDirectory(_ directory: Directory, inode: Int) {
    place(inode, [0..<catalog.plan(directory).blockCount])
  }

  /// The blocks of a file that have data, as ascending ranges.
  private func blockRanges(of node: Node) -> [Range<Int>] {
    let blockSize = format.blockSize
    if case .dense = node.content { return [0..<(node.size + blockSize - 1) / blockSize] }
    var ranges: [Range<Int>] = []
    for data in catalog.tree.dataRanges(of: node) {
      let blocks = data.lowerBound / blockSize..<(data.upperBound + blockSize - 1) / blockSize
      if let last = ranges.last, blocks.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, blocks.upperBound)
      } else {
        ranges.append(blocks)
      }
    }
    return ranges
  }

  /// Places the blocks of one inode.
  ///
  /// A map by indirect blocks goes before the content; one by extents behind it,
  /// when the number of extents is known.
  private mutating func place(_ inode: Int, _ ranges: [Range<Int>]) {
    guard !ranges.isEmpty else { return }
    if !format.usesExtents {
      let tree = IndirectTree(covering: ranges, blockSize: format.blockSize)
      placeMap(of: inode, .indirect(tree), blockCount: tree.blockCount)
    }
    let first = runs.count
    let limit = format.usesExtents ? ExtentTree.extentLimit : 1 << 31
    for range in ranges {
      var logical = range.lowerBound
      while logical < range.upperBound {
        let run = allocator.take(atMost: min(limit, range.upperBound - logical))
        runs.append(
          Run(logical: UInt32(logical), count: UInt32(run.count), physical: run.lowerBound)
        )
        logical += run.count
      }
    }
    spans[inode] = Layout.Span(first: UInt32(first), count: UInt32(runs.count - first))
    placements.append(Placement(inode: UInt32(inode), isMap: false))
    if format.usesExtents {
      let tree = ExtentTree(extentCount: runs.count - first, blockSize: format.blockSize)
      placeMap(of: inode, .extents(tree), blockCount: tree.blockCount)
    }
  }

  private mutating func placeMap(of inode: Int, _ tree: MapBlocks.Kind, blockCount: Int) {
    guard blockCount > 0 else { return }
    var locations: [Range<Int>] = []
    var placed = 0
    while placed < blockCount {
      let run = allocator.take(atMost: blockCount - placed)
      locations.append(run)
      placed += run.count
    }
    mapBlocks[inode] = MapBlocks(tree, at: locations)
    placements.append(Placement(inode: UInt32(inode), isMap: true))
  }

  /// The layout, once everything is placed.
  func finish(time: UInt32) -> Layout {
    Layout(
      time: time,
      catalog: catalog,
      runs: runs,
      spans: spans,
      mapBlocks: mapBlocks,
      attributeMap: attributeMap
    )
  }
}
