import DiskModel
import NBDProtocol
import NIOCore

/// A read that is too long to be answered at once, and is answered in pieces.
enum LongRead {
  /// Each piece is chunks of its own; other replies may come between them.
  case chunked(ChunkedRead)
  /// The pieces are the data that one head announced; nothing comes between.
  case contiguous(ContiguousRead)
}

/// How far a read in chunks has come; its pieces may complete in any order.
final class ChunkedRead {
  let address: ReplyAddress

  /// Number of bytes of all of it.
  let size: Int

  /// When it began.
  let start: NIODeadline

  /// What was not asked of the disk yet.
  var rest: Range<Int>

  /// Pieces that are on their way from storage.
  var outstandingCount = 0

  /// Why the first piece that failed did so; no more are asked for then.
  var failure: ReadFailure?

  init(_ range: Range<Int>, address: ReplyAddress, start: NIODeadline) {
    rest = range
    size = range.count
    self.start = start
    self.address = address
  }

  /// Whether every piece was asked for that will be.
  var isIssued: Bool { rest.isEmpty || failure != nil }

  /// Whether the piece that was taken off ends the reply: nothing is left to be said, as all
  /// other pieces were sent.
  var isAtLastPiece: Bool { rest.isEmpty && outstandingCount == 0 }
}

/// How far a read in one run of bytes has come.
final class ContiguousRead {
  let address: ReplyAddress

  /// Number of bytes of all of it.
  let size: Int

  /// When it began.
  let start: NIODeadline

  /// What was not asked of the disk yet.
  var rest: Range<Int>

  /// Whether a chunk follows that says how it went; a simple reply has already
  /// promised success.
  let isStructured: Bool

  /// Whether a piece is on its way from storage.
  var isWaiting = false

  /// Whether a piece failed, and zeros take the place of the rest.
  var hasFailed = false

  init(_ range: Range<Int>, address: ReplyAddress, isStructured: Bool, start: NIODeadline) {
    rest = range
    size = range.count
    self.start = start
    self.address = address
    self.isStructured = isStructured
  }
}

extension Range<Int> {
  /// The bytes up to a multiple of `size`, or what there is of them, so that chunks end at
  /// sectors.
  func firstPiece(_ size: Int) -> Range<Int> { first(size - lowerBound % size) }

  /// The first `count` bytes, or what there is of them.
  func first(_ count: Int) -> Range<Int> {
    lowerBound..<Swift.min(upperBound, lowerBound + Swift.min(count, self.count))
  }

  /// Takes off a piece that it starts with.
  mutating func removeFirst(_ piece: Range<Int>) { self = piece.upperBound..<upperBound }
}
