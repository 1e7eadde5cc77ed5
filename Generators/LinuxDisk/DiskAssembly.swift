import DiskModel
import FileTree

/// Puts the disk together: what libext2fs wrote, the tables of each group, and
/// what was laid out, in ascending order.
///
/// What is between them is a hole: free, or tables of which nothing is used yet.
struct DiskAssembly {
  private var disk = Disk()
  private let blockSize: Int

  /// What libext2fs left free, as ascending runs of blocks; those before
  /// `freeIndex` are behind.
  private let freeRuns: [Range<Int>]
  private var freeIndex = 0

  /// What has a fixed place, ascending; the next one is at `fixedIndex`.
  private let fixed: [Piece]
  private var fixedIndex = 0

  private struct Piece {
    var offset: Int
    var count: Int
    var content: Segment.Content
  }

  /// Assembles the filesystem.
  ///
  /// - Throws: ``DiskError`` never: the sizes were checked by libext2fs.
  static func assemble(
    _ layout: Layout,
    builder: LayoutBuilder,
    geometry: Geometry,
    writes: [CapturedWrites.Write],
    journalSuperblock: [UInt8]
  ) throws(DiskError) -> Disk {
    var assembly = DiskAssembly(layout, builder: builder, geometry: geometry, writes: writes)
    for placement in builder.placements {
      let number = Int(placement.inode)
      if number == 0 {
        let source = AttributeBlocks(layout)
        try assembly.append(source, at: layout.attributeMap.locations)
        continue
      }
      let map = layout.map(of: number)
      if placement.isMap {
        guard let blocks = map.mapBlocks else { continue }
        let checksum = layout.catalog.checksum?.ofInode(number)
        let source = MapBlockSource(map, blocks: blocks, layout.format, checksum: checksum)
        try assembly.append(source, at: blocks.locations)
        continue
      }
      switch layout.catalog.numbering.owner(of: number) {
      case .file(let file):
        let node = layout.catalog.numbering.node(ofFile: file)
        try assembly.append(node, map: map, layout: layout)
      case .lostAndFound:
        try assembly.append(.lostAndFound, map: map, layout: layout)
      case .journal:
        try assembly.appendJournal(journalSuperblock, map: map)
      case .reserved, .unused:
        preconditionFailure("only used inodes are placed")
      }
    }
    try assembly.appendFixed(before: .max)
    try assembly.pad(to: geometry.blockCount * assembly.blockSize)
    return assembly.disk
  }

  private init(
    _ layout: Layout,
    builder: LayoutBuilder,
    geometry: Geometry,
    writes: [CapturedWrites.Write]
  ) {
    let (blockSize, inodeSize) = (layout.format.blockSize, layout.format.inodeSize)
    self.blockSize = blockSize
    var pieces = writes.map {
      Piece(offset: $0.offset, count: $0.bytes.count, content: .bytes($0.bytes, offset: 0))
    }
    let numbering = layout.catalog.numbering
    let blockBitmaps = BlockBitmaps(builder.rest(of: geometry))
    let inodeBitmaps = InodeBitmaps(geometry, numbering)
    let inodeTable = InodeTable(layout)
    let tableSize = geometry.inodesPerGroup * inodeSize
    // What lies side by side is one piece: there are a hundred thousand groups in 16 TiB.
    func add(
      _ source: any ByteSource,
      from offset: Int,
      count: Int,
      at block: Int,
      _ last: inout Int?
    ) {
      guard count > 0 else { return }
      let start = block * blockSize
      if let index = last, case .source(_, let first) = pieces[index].content,
        pieces[index].offset + pieces[index].count == start, first + pieces[index].count == offset
      {
        pieces[index].count += count
        return
      }
      last = pieces.count
      let content = Segment.Content.source(source, offset: offset)
      pieces.append(Piece(offset: start, count: count, content: content))
    }
    var (lastBlocks, lastInodes, lastTable): (Int?, Int?, Int?)
    for (index, group) in geometry.groups.enumerated() {
      let bitmap = index * blockSize
      add(blockBitmaps, from: bitmap, count: blockSize, at: group.blockBitmap, &lastBlocks)
      add(inodeBitmaps, from: bitmap, count: blockSize, at: group.inodeBitmap, &lastInodes)
      let first = index * geometry.inodesPerGroup + 1
      let used = numbering.used(among: first..<first + geometry.inodesPerGroup)
      let count = used.last.map { $0.upperBound - first } ?? 0
      add(
        inodeTable,
        from: index * tableSize,
        count: count * inodeSize,
        at: group.inodeTable,
        &lastTable
      )
    }
    pieces.sort { $0.offset < $1.offset }
    fixed = pieces
    freeRuns = geometry.freeRuns
    disk.reserveSegments(2 * (pieces.count + builder.placements.count))
  }

  /// Appends the content of a node of the tree.
  private mutating func append(
    _ index: Int,
    map: FileMap,
    layout: Layout
  ) throws(DiskError) {
    let tree = layout.catalog.tree
    let node = tree.nodes[index]
    switch node.kind {
    case .directory:
      try append(.node(index), map: map, layout: layout)
    case .symbolicLink:
      let start = map.runs[map.runs.startIndex].physical * blockSize
      let content = Segment.Content.bytes(tree.text, offset: node.target.lowerBound)
      try append(content, count: node.size, at: start, as: .fileData)
    default:
      let file = tree.content(of: index)
      for run in map.runs {
        let offset = Int(run.logical) * blockSize
        let count = min(Int(run.count) * blockSize, node.size - offset)
        let content = Segment.Content.source(file.source, offset: file.offset + offset)
        try append(content, count: count, at: run.physical * blockSize, as: .fileData)
      }
    }
  }

  private mutating func append(
    _ directory: Directory,
    map: FileMap,
    layout: Layout
  ) throws(DiskError) {
    let source = DirectoryBlocks(directory, in: layout.catalog)
    try append(source, at: map.locations)
  }

  /// Appends the journal, which is empty.
  private mutating func appendJournal(_ superblock: [UInt8], map: FileMap) throws(DiskError) {
    var content = Segment.Content.bytes(superblock, offset: 0)
    for run in map.runs {
      let start = run.physical * blockSize
      var end = start
      if run.logical == 0 {
        try append(content, count: blockSize, at: start, as: .metadata)
        content = .zeros(.hole)
        end += blockSize
      }
      let rest = start + Int(run.count) * blockSize - end
      if rest > 0 { try append(.zeros(.hole), count: rest, at: end, as: .metadata) }
    }
  }

  /// Appends metadata that lies at several places, one part after the other.
  private mutating func append(
    _ source: any ByteSource,
    at locations: [Range<Int>]
  ) throws(DiskError) {
    var offset = 0
    for location in locations {
      let count = location.count * blockSize
      let content = Segment.Content.source(source, offset: offset)
      try append(content, count: count, at: location.lowerBound * blockSize, as: .metadata)
      offset += count
    }
  }

  private mutating func append(
    _ content: Segment.Content,
    count: Int,
    at offset: Int,
    as role: Segment.Role
  ) throws(DiskError) {
    try appendFixed(before: offset)
    try pad(to: offset)
    try disk.append(content, count: count, as: role)
    let excess = count % blockSize
    if excess > 0 { try disk.append(.zeros(.hole), count: blockSize - excess, as: .slack) }
  }

  /// Fills up with what is free, and with tables of which nothing is used.
  private mutating func pad(to end: Int) throws(DiskError) {
    while disk.size < end {
      while freeIndex < freeRuns.count, freeRuns[freeIndex].upperBound * blockSize <= disk.size {
        freeIndex += 1
      }
      guard freeIndex < freeRuns.count else { return try disk.pad(to: end, as: .metadata) }
      let free = freeRuns[freeIndex]
      if disk.size < free.lowerBound * blockSize {
        try disk.pad(to: min(end, free.lowerBound * blockSize), as: .metadata)
      } else {
        try disk.pad(to: min(end, free.upperBound * blockSize))
      }
    }
  }

  private mutating func appendFixed(before offset: Int) throws(DiskError) {
    while fixedIndex < fixed.count && fixed[fixedIndex].offset < offset {
      let piece = fixed[fixedIndex]
      fixedIndex += 1
      try pad(to: piece.offset)
      try disk.append(piece.content, count: piece.count, as: .metadata)
    }
  }
}
