import CExt2FS

/// A filesystem that libext2fs formats, in memory.
///
/// libext2fs decides what is on the disk: geometry, features, where bitmaps
/// and inode tables lie, superblock, group descriptors and all their backups.
/// What is per inode is laid out by us, so its own writing of bitmaps and
/// inodes is never used.
@safe struct Ext2Library: ~Copyable {
  private let handle: ext2_filsys
  private let captured: CapturedWrites
  private let format: Format

  /// What to format.
  struct Request {
    var format: Format
    var blockCount: Int
    /// At least this many inodes; libext2fs fills up inode tables.
    var inodeCount: Int
    var label: String
    var identity: FilesystemIdentity
    /// When the filesystem is said to be made, in seconds since 1970.
    var time: UInt32
  }

  /// Takes over a filesystem that is open.
  private init(_ handle: ext2_filsys, _ captured: CapturedWrites, _ format: Format) {
    unsafe self.handle = unsafe handle
    self.captured = captured
    self.format = format
  }

  deinit { unsafe ext2fs_free(handle) }

  /// Formats, without placing anything but the group's own tables.
  ///
  /// - Throws: ``Ext2Error``; too small a size is one of them.
  static func format(_ request: Request) throws(Ext2Error) -> Ext2Library {
    Ext2Error.prepareMessages()
    var parameters = ext2_super_block()
    parameters.s_rev_level = UInt32(EXT2_DYNAMIC_REV)
    let format = request.format
    parameters.s_log_block_size = UInt32((format.blockSize / 1024).trailingZeroBitCount)
    parameters.s_inode_size = UInt16(format.inodeSize)
    parameters.s_inodes_count = UInt32(clamping: request.inodeCount)
    parameters.s_feature_compat = format.features.compatible
    parameters.s_feature_incompat = format.features.incompatible
    parameters.s_feature_ro_compat = format.features.readOnlyCompatible
    parameters.s_max_mnt_count = -1
    parameters.s_default_mount_opts = UInt32(EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL)
    if format.features.contains(.flexibleGroups) {
      parameters.s_log_groups_per_flex = flexSize(request)
    }
    if format.mayWiden && request.blockCount >= 1 << 32 {
      parameters.s_feature_incompat |= UInt32(EXT4_FEATURE_INCOMPAT_64BIT)
    }
    var handle: ext2_filsys?
    var result: errcode_t = 0
    unsafe withUnsafeMutablePointer(to: &parameters) { parameters in
      // 64bit is set before, or the upper half of the count would be dropped.
      unsafe ext2fs_blocks_count_set(parameters, UInt64(request.blockCount))
      result = unsafe ext2fs_initialize(
        "disk",
        EXT2_FLAG_64BITS,
        parameters,
        CapturingIO.manager,
        &handle
      )
    }
    guard result == 0, let handle = unsafe handle else {
      throw Ext2Error(code: result, step: "formatting")
    }
    let library = unsafe Ext2Library(handle, CapturedWrites(), format)
    unsafe handle.pointee.now = time_t(Self.lastWriteTime)
    unsafe handle.pointee.io.pointee.private_data =
      unsafe Unmanaged.passUnretained(library.captured).toOpaque()
    unsafe describe(handle.pointee.super, request)
    unsafe ext2fs_init_csum_seed(handle)
    let placed = unsafe ext2fs_allocate_tables(handle)
    guard placed == 0 else {
      throw Ext2Error(code: placed, step: "placing bitmaps and inode tables")
    }
    return library
  }

  /// When the filesystem is said to be written last (`s_wtime`), in seconds
  /// since 1970.
  ///
  /// It never was, and e2fsck wants a time that is not in the future, which the
  /// newest file of the tree may be. 0 would be taken for the host's clock.
  private static let lastWriteTime = 1

  /// All groups in one flexible group, up to half a tebibyte: bitmaps and inode tables
  /// lie together at the front, and data is one zone behind them.
  ///
  /// The logarithm of the number of groups, rounded up, but 12 at most: libext2fs takes
  /// time by the square of it to place large tables.
  private static func flexSize(_ request: Request) -> UInt8 {
    let blocksPerGroup = request.format.blocksPerGroup
    let groupCount = (request.blockCount + blocksPerGroup - 1) / blocksPerGroup
    return UInt8(min(12, max(1, Int.bitWidth - (groupCount - 1).leadingZeroBitCount)))
  }

  /// Fills in what `ext2fs_initialize` leaves to its caller.
  private static func describe(
    _ superblock: UnsafeMutablePointer<ext2_super_block>,
    _ request: Request
  ) {
    let identity = request.identity
    unsafe withUnsafeMutableBytes(of: &superblock.pointee.s_uuid) {
      unsafe $0.copyBytes(from: identity.uuid)
    }
    unsafe withUnsafeMutableBytes(of: &superblock.pointee.s_hash_seed) {
      unsafe $0.copyBytes(from: identity.hashSeed)
    }
    unsafe withUnsafeMutableBytes(of: &superblock.pointee.s_volume_name) {
      unsafe $0.copyBytes(from: Array(request.label.utf8.prefix(16)))
    }
    if request.format.hasChecksums {
      unsafe superblock.pointee.s_checksum_type = UInt8(EXT2_CRC32C_CHKSUM)
    }
    if request.format.features.contains(.checksumSeed) {
      unsafe superblock.pointee.s_checksum_seed = Checksum(uuid: identity.uuid).value
    }
    unsafe superblock.pointee.s_def_hash_version = UInt8(EXT2_HASH_HALF_MD4)
    // The same on every machine, whatever the signedness of its char.
    unsafe superblock.pointee.s_flags = UInt32(EXT2_FLAGS_UNSIGNED_HASH)
    unsafe superblock.pointee.s_mkfs_time = request.time
    unsafe superblock.pointee.s_lastcheck = request.time
  }

  /// Where things are.
  func geometry() throws(Ext2Error) -> Geometry {
    let filesystem = unsafe handle.pointee
    let superblock = unsafe filesystem.super.pointee
    let groupCount = unsafe Int(filesystem.group_desc_count)
    let blockCount = unsafe Int(ext2fs_blocks_count(filesystem.super))
    var groups: [Geometry.Group] = []
    groups.reserveCapacity(groupCount)
    for group in 0..<UInt32(groupCount) {
      groups.append(
        Geometry.Group(
          blockBitmap: unsafe Int(ext2fs_block_bitmap_loc(handle, group)),
          inodeBitmap: unsafe Int(ext2fs_inode_bitmap_loc(handle, group)),
          inodeTable: unsafe Int(ext2fs_inode_table_loc(handle, group)),
          hasSuperblock: unsafe ext2fs_bg_has_super(handle, group) != 0
        )
      )
    }
    return Geometry(
      format: format,
      blockCount: blockCount,
      blocksPerGroup: Int(superblock.s_blocks_per_group),
      inodesPerGroup: Int(superblock.s_inodes_per_group),
      inodeTableBlocks: unsafe Int(filesystem.inode_blocks_per_group),
      groups: groups,
      descriptorBlocks: unsafe Int(filesystem.desc_blocks),
      freeRuns: try freeRuns(blockCount: blockCount)
    )
  }

  /// The runs of blocks that libext2fs did not take, ascending.
  private func freeRuns(blockCount: Int) throws(Ext2Error) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    let map = unsafe handle.pointee.block_map
    let last = UInt64(blockCount - 1)
    var position = UInt64(format.firstBlock)
    while position <= last {
      var start: UInt64 = 0
      var result = unsafe ext2fs_find_first_zero_block_bitmap2(map, position, last, &start)
      if result == errcode_t(ENOENT) { break }
      guard result == 0 else { throw Ext2Error(code: result, step: "reading the block bitmap") }
      var end: UInt64 = 0
      result = unsafe ext2fs_find_first_set_block_bitmap2(map, start, last, &end)
      if result == errcode_t(ENOENT) {
        end = last + 1
      } else if result != 0 {
        throw Ext2Error(code: result, step: "reading the block bitmap")
      }
      runs.append(Int(start)..<Int(end))
      position = end
    }
    return runs
  }

  /// Writes superblock, group descriptors and their backups, with counts of
  /// what was laid out.
  ///
  /// - Returns: What libext2fs wrote, and where.
  consuming func finish(_ usage: Usage) throws(Ext2Error) -> [CapturedWrites.Write] {
    let superblock = unsafe handle.pointee.super
    for (group, counts) in usage.groups.enumerated() {
      let group = UInt32(group)
      unsafe ext2fs_bg_free_blocks_count_set(handle, group, UInt32(counts.freeBlocks))
      unsafe ext2fs_bg_free_inodes_count_set(handle, group, UInt32(counts.freeInodes))
      unsafe ext2fs_bg_used_dirs_count_set(handle, group, UInt32(counts.directories))
      if unsafe ext2fs_has_group_desc_csum(handle) != 0 {
        // Everything unused reads as zeros, so no guest needs to clear it.
        let flags = counts.isInodeTableUnused ? EXT2_BG_INODE_UNINIT : 0
        unsafe ext2fs_bg_flags_zap(handle, group)
        unsafe ext2fs_bg_flags_set(handle, group, UInt16(flags | EXT2_BG_INODE_ZEROED))
        unsafe ext2fs_bg_itable_unused_set(handle, group, UInt32(counts.unusedInodeTail))
      }
      setBitmapChecksums(counts, of: group)
      unsafe ext2fs_group_desc_csum_set(handle, group)
    }
    unsafe ext2fs_free_blocks_count_set(superblock, UInt64(usage.freeBlocks))
    unsafe ext2fs_r_blocks_count_set(superblock, UInt64(usage.reservedBlocks))
    unsafe superblock?.pointee.s_free_inodes_count = UInt32(usage.freeInodes)
    unsafe superblock?.pointee.s_overhead_clusters = UInt32(clamping: usage.overheadBlocks)
    if let journal = usage.journal {
      unsafe superblock?.pointee.s_journal_inum = UInt32(EXT2_JOURNAL_INO)
      unsafe superblock?.pointee.s_jnl_backup_type = UInt8(EXT3_JNL_BACKUP_BLOCKS)
      if let superblock = unsafe superblock {
        unsafe withUnsafeMutableBytes(of: &superblock.pointee.s_jnl_blocks) { bytes in
          for (index, word) in journal.enumerated() {
            unsafe bytes.storeBytes(of: word.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
          }
        }
      }
    }
    // Bitmaps are ours: see BlockBitmaps and InodeBitmaps.
    unsafe handle.pointee.write_bitmaps = nil
    let result = unsafe ext2fs_flush2(handle, 0)
    if result != 0 { throw Ext2Error(code: result, step: "writing the superblock") }
    return captured.writes
  }

  /// Fills in the checksums of a group's bitmaps, of which small descriptors have the
  /// lower halves.
  private func setBitmapChecksums(_ counts: Usage.Group, of group: UInt32) {
    guard let checksums = counts.bitmapChecksums,
      let descriptor = unsafe ext2fs_group_desc(handle, handle.pointee.group_desc, group)
    else { return }
    let (blocks, inodes) = checksums
    unsafe descriptor.pointee.bg_block_bitmap_csum_lo = UInt16(truncatingIfNeeded: blocks)
    unsafe descriptor.pointee.bg_inode_bitmap_csum_lo = UInt16(truncatingIfNeeded: inodes)
    guard unsafe ext2fs_has_feature_64bit(handle.pointee.super) != 0 else { return }
    let wide = unsafe UnsafeMutableRawPointer(descriptor)
      .assumingMemoryBound(to: ext4_group_desc.self)
    unsafe wide.pointee.bg_block_bitmap_csum_hi = UInt16(blocks >> 16)
    unsafe wide.pointee.bg_inode_bitmap_csum_hi = UInt16(inodes >> 16)
  }

  /// The first block of a journal of `blockCount` blocks: its superblock.
  func journalSuperblock(blockCount: Int) throws(Ext2Error) -> [UInt8] {
    var buffer: UnsafeMutablePointer<CChar>?
    let result = unsafe ext2fs_create_journal_superblock(handle, UInt32(blockCount), 0, &buffer)
    guard result == 0, let buffer = unsafe buffer else {
      throw Ext2Error(code: result, step: "making the journal")
    }
    defer { unsafe free(buffer) }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: buffer, count: format.blockSize))
  }
}
