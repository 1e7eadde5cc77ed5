import FileTree

/// What was laid out, as superblock and group descriptors count it.
struct Usage {
  var groups: [Group]
  var overheadBlocks: Int
  /// Blocks that only root may take (`s_r_blocks_count`).
  var reservedBlocks: Int
  /// What the superblock keeps of the journal's inode: its 15 block words, and
  /// the upper and lower half of its size; `nil` without a journal.
  var journal: [UInt32]?

  /// Counts of one group.
  struct Group {
    var freeBlocks: Int
    var freeInodes: Int
    var directories: Int
    /// Inodes at the end of the table that were never used.
    var unusedInodeTail: Int
    var isInodeTableUnused: Bool
    /// Checksums of the bitmaps of blocks and inodes; `nil` without metadata_csum.
    var bitmapChecksums: (blocks: UInt32, inodes: UInt32)?
  }

  var freeBlocks: Int { groups.reduce(0) { $0 + $1.freeBlocks } }
  var freeInodes: Int { groups.reduce(0) { $0 + $1.freeInodes } }
}

extension Usage {
  /// Counts what `layout` uses of a filesystem, up to `highWater`.
  init(_ layout: Layout, geometry: Geometry, highWater: Int, reserved: Reservation) {
    let directories = layout.directoryCounts(geometry)
    var groups: [Group] = []
    groups.reserveCapacity(geometry.groups.count)
    let lastInode = layout.catalog.numbering.last
    var checksums = layout.catalog.checksum.map {
      GroupChecksums(geometry, start: $0, highWater: highWater, lastInode: lastInode)
    }
    for index in geometry.groups.indices {
      let free = geometry.freeRuns(in: geometry.blocks(ofGroup: index), from: highWater)
      let used = min(max(0, lastInode - index * geometry.inodesPerGroup), geometry.inodesPerGroup)
      let freeCount = free.reduce(0) { $0 + $1.count }
      let blockChecksum = checksums?.blockBitmap(of: index, freeCount: freeCount)
      let inodeChecksum = checksums?.inodeBitmap(of: index, usedCount: used)
      groups.append(
        Group(
          freeBlocks: freeCount,
          freeInodes: geometry.inodesPerGroup - used,
          directories: directories[index],
          unusedInodeTail: geometry.inodesPerGroup - used,
          isInodeTableUnused: used == 0,
          bitmapChecksums: blockChecksum.flatMap { blocks in
            inodeChecksum.map { (blocks, $0) }
          }
        )
      )
    }
    let available = geometry.freeRuns.reduce(0) { $0 + $1.count }
    self.init(
      groups: groups,
      overheadBlocks: geometry.blockCount - geometry.format.firstBlock - available
        + layout.format.journalBlocks,
      reservedBlocks: reserved.blockCount(of: geometry.blockCount, geometry.format),
      journal: layout.journalBackup()
    )
  }
}

extension Layout {
  /// How many directories each group's inodes have.
  fileprivate func directoryCounts(_ geometry: Geometry) -> [Int] {
    var counts = [Int](repeating: 0, count: geometry.groups.count)
    func count(_ inode: Int) { counts[(inode - 1) / geometry.inodesPerGroup] += 1 }
    if catalog.numbering.addsLostAndFound { count(InodeNumbering.first) }
    for (index, node) in catalog.tree.nodes.enumerated() where node.kind == .directory {
      count(catalog.numbering.inode(of: index))
    }
    return counts
  }

  /// `s_jnl_blocks`: the words of the journal's inode, and the upper and lower
  /// half of its size.
  fileprivate func journalBackup() -> [UInt32]? {
    guard format.journalBlocks > 0 else { return nil }
    let words = map(of: InodeNumbering.journal).inodeWords(format)
    let size = UInt64(format.journalBlocks * format.blockSize)
    return words.indices.map { words[$0] }
      + [UInt32(truncatingIfNeeded: size >> 32), UInt32(truncatingIfNeeded: size)]
  }
}
