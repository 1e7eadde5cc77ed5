import CExt2FS
import Synchronization

/// What libext2fs refused to do.
struct Ext2Error: Error, Equatable, CustomStringConvertible {
  /// Its error code, or an errno.
  var code: Int

  /// What was being done.
  var step: String

  init(code: errcode_t, step: String) {
    self.code = Int(code)
    self.step = step
  }

  /// Whether the filesystem is too small, or its groups too few, for what it
  /// should hold.
  var meansTooSmall: Bool {
    [EXT2_ET_TOOSMALL, EXT2_ET_TOO_MANY_INODES, EXT2_ET_BLOCK_ALLOC_FAIL]
      .contains { Int($0) == code }
  }

  var description: String {
    let message = unsafe String(cString: error_message(errcode_t(code)))
    return "libext2fs: \(step): \(message)"
  }

  private static let areMessagesLoaded = Mutex(false)

  /// Registers libext2fs's texts; its table of them is global.
  static func prepareMessages() {
    areMessagesLoaded.withLock { isLoaded in
      if !isLoaded { initialize_ext2_error_table() }
      isLoaded = true
    }
  }
}
