/// Blocks that only root may take.
enum Reservation: Equatable {
  /// Thousandths of all blocks, at most 500 of them.
  case share(thousandths: Int)
  /// So many bytes, rounded up to blocks.
  case bytes(Int)

  static let none = Reservation.bytes(0)

  /// Number of blocks of a filesystem of `blockCount` (`s_r_blocks_count`).
  func blockCount(of blockCount: Int, _ format: Format) -> Int {
    switch self {
    case .share(let thousandths):
      blockCount / 1000 * thousandths + blockCount % 1000 * thousandths / 1000
    case .bytes(let bytes):
      bytes / format.blockSize + (bytes % format.blockSize == 0 ? 0 : 1)
    }
  }

  /// How many blocks a filesystem has at least: twice those reserved.
  func blockCountNeeded(_ format: Format) -> Int {
    guard case .bytes = self else { return 0 }
    return 2 * blockCount(of: 0, format)
  }
}
