import CExt2FS

/// What libext2fs wrote, kept in memory instead of on a device.
final class CapturedWrites {
  /// A run of bytes and where it belongs on the filesystem.
  struct Write {
    var offset: Int
    var bytes: [UInt8]
  }

  /// The writes in the order in which they were made.
  private(set) var writes: [Write] = []

  /// Takes a write; bytes that equal an earlier write's share its storage, as
  /// the backups of the group descriptors do.
  func add(_ bytes: [UInt8], at offset: Int) {
    let twin = writes.first { $0.bytes.count == bytes.count && $0.bytes == bytes }
    writes.append(Write(offset: offset, bytes: twin?.bytes ?? bytes))
  }
}

/// An `io_manager` of libext2fs whose channels capture writes.
///
/// libext2fs reads nothing back from what it formats, so reads fail. Where the
/// writes go is put into the channel's `private_data` once it is open.
enum CapturingIO {
  /// The manager; libext2fs never changes it.
  nonisolated(unsafe) static let manager: io_manager = {
    let manager = io_manager.allocate(capacity: 1)
    unsafe manager.initialize(to: struct_io_manager())
    unsafe manager.pointee.magic = errcode_t(EXT2_ET_MAGIC_IO_MANAGER)
    unsafe manager.pointee.name = unsafe UnsafePointer(strdup("nbdgen: memory"))
    unsafe manager.pointee.open = open
    unsafe manager.pointee.close = close
    unsafe manager.pointee.set_blksize = setBlockSize
    unsafe manager.pointee.read_blk = { _, _, _, _ in errcode_t(EXT2_ET_SHORT_READ) }
    unsafe manager.pointee.read_blk64 = { _, _, _, _ in errcode_t(EXT2_ET_SHORT_READ) }
    unsafe manager.pointee.write_blk = { channel, block, count, data in
      unsafe CapturingIO.write(channel, UInt64(block), count, data)
    }
    unsafe manager.pointee.write_blk64 = { channel, block, count, data in
      unsafe CapturingIO.write(channel, block, count, data)
    }
    unsafe manager.pointee.flush = { _ in 0 }
    return unsafe manager
  }()

  private static let open:
    @convention(c) (
      UnsafePointer<CChar>?, CInt, UnsafeMutablePointer<io_channel?>?
    ) -> errcode_t = { _, _, result in
      let channel = io_channel.allocate(capacity: 1)
      unsafe channel.initialize(to: struct_io_channel())
      unsafe channel.pointee.magic = errcode_t(EXT2_ET_MAGIC_IO_CHANNEL)
      unsafe channel.pointee.manager = unsafe CapturingIO.manager
      unsafe channel.pointee.block_size = 1024
      unsafe channel.pointee.refcount = 1
      unsafe result?.pointee = unsafe channel
      return 0
    }

  private static let close: @convention(c) (io_channel?) -> errcode_t = { channel in
    unsafe channel?.deinitialize(count: 1)
    unsafe channel?.deallocate()
    return 0
  }

  private static let setBlockSize: @convention(c) (io_channel?, CInt) -> errcode_t = {
    channel,
    size in
    unsafe channel?.pointee.block_size = size
    return 0
  }

  /// A negative count is a number of bytes, a positive one of blocks.
  private static func write(
    _ channel: io_channel?,
    _ block: UInt64,
    _ count: CInt,
    _ data: UnsafeRawPointer?
  ) -> errcode_t {
    guard let channel = unsafe channel, let data = unsafe data,
      let target = unsafe channel.pointee.private_data
    else { return errcode_t(EXT2_ET_SHORT_WRITE) }
    let blockSize = unsafe Int(channel.pointee.block_size)
    let byteCount = count < 0 ? -Int(count) : Int(count) * blockSize
    let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: byteCount))
    unsafe Unmanaged<CapturedWrites>.fromOpaque(target).takeUnretainedValue()
      .add(bytes, at: Int(block) * blockSize)
    return 0
  }
}
