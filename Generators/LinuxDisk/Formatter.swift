import DiskModel
import FileTree

/// Makes a filesystem of a tree: sizes it, has it formatted, lays it out.
struct Formatter {
  let label: String
  private(set) var catalog: Catalog
  let identity: FilesystemIdentity
  /// When the filesystem is said to be made, in seconds since 1970.
  let time: UInt32
  /// How many inodes there are beyond the tree's own, if that was chosen.
  let spareInodeCount: Int?
  /// What only root may take.
  let reserved: Reservation

  private var format: Format { catalog.format }

  /// How large the filesystem should be.
  enum SizeRequest: Equatable {
    /// As large as the tree needs, and a fifth more.
    case automatic
    /// Exactly so many bytes, rounded down to whole blocks.
    case exactly(Int)
    /// As large as the tree needs, and so many bytes more.
    case extra(Int)
    /// As small as it can be.
    case minimal
  }

  /// A filesystem that was made.
  struct Filesystem {
    var disk: Disk
    /// Tells what lies where.
    var plan: FilesystemPlan
  }

  /// Why there is no filesystem.
  enum Failure: Error {
    /// The size that was asked for is not enough; `needed` bytes are.
    case tooSmall(needed: Int)
    /// What the tree needs, or was asked for, is more than there are block numbers for.
    case tooLarge
    /// There are more inodes than numbers for them.
    case tooManyInodes
    case library(Ext2Error)
  }

  /// Makes the filesystem, with gaps between what is in it if there is room for them.
  func make(_ size: SizeRequest) throws(Failure) -> Filesystem {
    if size != .minimal {
      var spaced = self
      spaced.catalog = catalog.spaced
      if let filesystem = try spaced.makeSpaced(size) { return filesystem }
    }
    return try makePacked(size)
  }

  /// Whether there are gaps between files.
  private var isSpaced: Bool { !catalog.levels.isEmpty }

  private func makeSpaced(_ size: SizeRequest) throws(Failure) -> Filesystem? {
    guard case .exactly(let bytes) = size else {
      do throws(Failure) {
        return try makePacked(size)
      } catch {
        switch error {
        case .tooSmall, .tooLarge, .tooManyInodes: return nil
        case .library: throw error
        }
      }
    }
    guard inodeCount(spare: 0) <= Self.inodeLimit else { return nil }
    return try makeExactly(bytes)
  }

  /// Makes the filesystem with so many bytes, or a part of a group less: one that cannot
  /// hold its own head is left out, and with it the inodes that it should have had.
  private func makeExactly(_ bytes: Int) throws(Failure) -> Filesystem? {
    let blockCount = bytes / format.blockSize
    let rest = (blockCount - format.firstBlock) % format.blocksPerGroup
    for count in [blockCount, blockCount - rest] where count > format.firstBlock {
      let attempt = Attempt(blockCount: count, inodeCount: inodeCount(spare: 0))
      if case .made(let filesystem) = try make(attempt) { return filesystem }
    }
    return nil
  }

  private func makePacked(_ size: SizeRequest) throws(Failure) -> Filesystem {
    let blockSize = format.blockSize
    switch size {
    case .exactly(let bytes):
      if let filesystem = try makeExactly(bytes) { return filesystem }
      throw .tooSmall(needed: try makeFitting(spareBlocks: 0, spareInodes: 0).disk.size)
    case .extra(let bytes):
      return try makeFitting(spareBlocks: bytes / blockSize + (bytes % blockSize == 0 ? 0 : 1))
    case .automatic:
      return try makeFitting(spareBlocks: nil)
    case .minimal:
      return try makeSmallest()
    }
  }

  /// Makes the filesystem with the fewest blocks that are enough.
  private func makeSmallest() throws(Failure) -> Filesystem {
    var filesystem = try makeFitting(spareBlocks: 0, spareInodes: 0)
    let inodes = inodeCount(spare: 0)
    var (low, high) = (contentBlocks(), filesystem.disk.size / format.blockSize)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if case .made(let smaller) = try make(Attempt(blockCount: middle, inodeCount: inodes)) {
        (filesystem, high) = (smaller, middle)
      } else {
        low = middle
      }
    }
    return filesystem
  }

  /// Makes the filesystem about as small as it can be, with spare blocks and inodes;
  /// `nil` is a fifth of what is needed, and what goes with the blocks.
  private func makeFitting(
    spareBlocks: Int?,
    spareInodes: Int? = nil
  ) throws(Failure) -> Filesystem {
    let content = contentBlocks()
    let spare = spareBlocks ?? content / 5
    let inodes = inodeCount(spare: spareInodes ?? usualSpareInodes(for: spare))
    var sizing = Sizing(
      format,
      inodeCount: inodes,
      contentBlocks: content + spare,
      isCoarse: isSpaced
    )
    while true {
      let attempt = Attempt(
        blockCount: sizing.blockCount,
        inodeCount: inodes,
        spareBlocks: spare
      )
      switch try make(attempt) {
      case .made(let filesystem): return filesystem
      case .missing(let blocks): sizing.add(blocks)
      }
    }
  }

  /// One inode for every 16 KiB of spare room, as mke2fs has it, and a few.
  private func usualSpareInodes(for spareBlocks: Int) -> Int {
    let wanted = 16 + spareBlocks / (16_384 / format.blockSize)
    return max(0, min(wanted, Self.inodeLimit - catalog.numbering.last))
  }

  /// How many inodes there have to be, if nothing else was chosen.
  private func inodeCount(spare: Int) -> Int {
    let count = catalog.numbering.last + (spareInodeCount ?? spare)
    return isSpaced ? roundedCoarsely(count) : count
  }

  /// Blocks that the content takes, maps included, if nothing is split.
  private func contentBlocks() -> Int {
    var builder = LayoutBuilder(catalog: catalog, geometry: .unlimited(format))
    builder.placeAll()
    return builder.allocator.highWater
  }

  /// The most inodes, with room for filling up inode tables.
  private static let inodeLimit = (1 << 32) - (1 << 25)

  /// One attempt at a size.
  private struct Attempt {
    var blockCount: Int
    var inodeCount: Int
    /// Blocks that must be left over.
    var spareBlocks = 0

    /// The attempt with as many inodes as libext2fs cannot round down.
    ///
    /// It makes the inodes of a group a multiple of 8 by taking some away, which are
    /// missing where a block has fewer than 8 of them.
    func rounded(to geometry: Geometry) -> Attempt {
      let groups = max(1, geometry.inodeCount / max(1, geometry.inodesPerGroup))
      let perGroup = (inodeCount + groups - 1) / groups
      var rounded = self
      rounded.blockCount = geometry.blockCount
      rounded.inodeCount = (perGroup + 7) / 8 * 8 * groups
      return rounded
    }
  }

  private enum Outcome {
    case made(Filesystem)
    /// So many blocks are missing, at least.
    case missing(Int)
  }

  private func make(_ attempt: Attempt) throws(Failure) -> Outcome {
    guard attempt.blockCount > format.firstBlock else { return .missing(1) }
    guard attempt.blockCount <= format.blockLimit else { throw .tooLarge }
    guard attempt.inodeCount <= Self.inodeLimit else { throw .tooManyInodes }
    do throws(Ext2Error) {
      return try makeOrMiss(attempt)
    } catch {
      guard error.meansTooSmall else { throw .library(error) }
      return .missing(64)
    }
  }

  private func makeOrMiss(_ attempt: Attempt) throws(Ext2Error) -> Outcome {
    let library = try Ext2Library.format(
      Ext2Library.Request(
        format: format,
        blockCount: attempt.blockCount,
        inodeCount: attempt.inodeCount,
        label: label,
        identity: identity,
        time: time
      )
    )
    let geometry = try library.geometry()
    // For lack of inodes libext2fs makes smaller groups; we make more of them.
    guard geometry.blocksPerGroup == format.blocksPerGroup,
      geometry.inodeCount >= inodeCount(spare: 0)
    else {
      let rounded = attempt.rounded(to: geometry)
      if rounded.inodeCount > attempt.inodeCount { return try makeOrMiss(rounded) }
      return .missing(format.blocksPerGroup)
    }
    let unreserved = reserved.blockCountNeeded(format) - geometry.blockCount
    guard unreserved <= 0 else { return .missing(unreserved) }

    var builder = LayoutBuilder(catalog: catalog, geometry: geometry)
    builder.placeAll()
    let rest = builder.rest(of: geometry)
    let spare = rest.freeRuns.reduce(0) { $0 + $1.count }
    let missing = builder.allocator.shortage + max(0, attempt.spareBlocks - spare)
    guard missing == 0 else { return .missing(missing) }

    let layout = builder.finish(time: time)
    var journal: [UInt8] = []
    if format.journalBlocks > 0 {
      journal = try library.journalSuperblock(blockCount: format.journalBlocks)
    }
    let usage = Usage(layout, geometry: geometry, rest: rest, reserved: reserved)
    let writes = try library.finish(usage)
    do throws(DiskError) {
      let disk = try DiskAssembly.assemble(
        layout,
        builder: builder,
        geometry: geometry,
        writes: writes,
        journalSuperblock: journal
      )
      let plan = FilesystemPlan(layout, geometry: geometry, placements: builder.placements)
      return .made(Filesystem(disk: disk, plan: plan))
    } catch {
      preconditionFailure("block numbers have 48 bits, so their bytes are countable")
    }
  }
}
