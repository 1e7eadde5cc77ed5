import DiskModel
import NBDProtocol

/// How a disk is read: what a read may take, and what it leaves to be done.
struct ReadManner: ~Copyable {
  /// Whether it may wait for storage.
  var mayWait: Bool

  /// What has to pass before anybody sees the bytes; nothing if it may wait.
  var checks = DeferredChecks()

  init(mayWait: Bool) { self.mayWait = mayWait }
}

/// Composes replies: what a request gets, given the disk and what was agreed on.
///
/// It knows no sockets and keeps no state.
struct Responder: Sendable {
  let disk: Disk
  let form: ReplyForm
  let contexts: [MetaContext]

  /// Most bytes of a read.
  let lengthLimit: Int

  /// Room that a reply to a read of `count` bytes takes at most: holes are sent
  /// as chunks only from 4 KiB on, so heads are few.
  static func replyLimit(_ count: Int) -> Int {
    count + (2 * count / holeLimit + 4) * Reply.headLimit + Reply.errorMessageLimit
  }

  /// Holes shorter than this are sent as zeros, in bytes.
  private static let holeLimit = 4096

  /// Boundaries between chunks, and between block status descriptors, are
  /// multiples of this many bytes.
  static let granularity = 512

  /// Has the processor fetch what a request wants, while another one is answered.
  func prefetch(_ request: Request) {
    // What belongs to a write may look like anything; fetching is harmless.
    guard request.command == .read, let offset = Int(exactly: request.offset) else { return }
    let count = min(request.length, UInt64(ConnectionLimits.prefetchSize))
    disk.prefetch(at: offset, count: Int(count))
  }

  /// Appends the whole reply to a read of `range`.
  ///
  /// - Returns: `false` if that would take waiting that is not allowed; then,
  ///   and when it throws, what was appended has no meaning.
  func appendRead(
    _ range: Range<Int>,
    address: ReplyAddress,
    isSplittable: Bool,
    to output: inout OutputRawSpan,
    _ manner: inout ReadManner
  ) throws(ReadFailure) -> Bool {
    if isSplittable && form != .simple {
      return try appendChunks(range, address: address, isLast: true, to: &output, &manner)
    }
    appendHead(of: range, address: address, isLast: true, to: &output)
    return try appendBytes(range, to: &output, &manner)
  }

  /// Appends what goes before the bytes of `range`, if these are not split.
  func appendHead(
    of range: Range<Int>,
    address: ReplyAddress,
    isLast: Bool,
    to output: inout OutputRawSpan
  ) {
    guard form != .simple else { return Reply.appendSimple(address, error: nil, to: &output) }
    let (offset, count) = (range.lowerBound, range.count)
    Reply.appendData(address, isLast: isLast, offset: offset, count: count, to: &output)
  }

  /// Appends the bytes of `range` without any head.
  func appendBytes(
    _ range: Range<Int>,
    to output: inout OutputRawSpan,
    _ manner: inout ReadManner
  ) throws(ReadFailure) -> Bool {
    if manner.mayWait {
      try disk.read(range, into: &output)
      return true
    }
    guard let segment = disk.soleSegment(of: range) else {
      return try disk.readWithoutWaiting(range, into: &output)
    }
    return try disk.readWithoutWaiting(
      range,
      in: segment,
      into: &output,
      deferring: &manner.checks
    )
  }

  /// Appends `range` as chunks of data and holes; with `isLast` the last of
  /// them ends the reply.
  func appendChunks(
    _ range: Range<Int>,
    address: ReplyAddress,
    isLast: Bool,
    to output: inout OutputRawSpan,
    _ manner: inout ReadManner
  ) throws(ReadFailure) -> Bool {
    if !manner.mayWait, let segment = disk.soleSegment(of: range) {
      guard segment.kind == .data else {
        let (offset, count) = (range.lowerBound, range.count)
        Reply.appendHole(address, isLast: isLast, offset: offset, count: count, to: &output)
        return true
      }
      Reply.appendData(
        address,
        isLast: isLast,
        offset: range.lowerBound,
        count: range.count,
        to: &output
      )
      return try disk.readWithoutWaiting(
        range,
        in: segment,
        into: &output,
        deferring: &manner.checks
      )
    }
    var position = range.lowerBound
    for hole in holes(in: range) {
      if position < hole.lowerBound {
        let data = position..<hole.lowerBound
        guard try appendData(data, address, isLast: false, to: &output, &manner) else {
          return false
        }
      }
      Reply.appendHole(
        address,
        isLast: isLast && hole.upperBound == range.upperBound,
        offset: hole.lowerBound,
        count: hole.count,
        to: &output
      )
      position = hole.upperBound
    }
    guard position < range.upperBound else { return true }
    let rest = position..<range.upperBound
    return try appendData(rest, address, isLast: isLast, to: &output, &manner)
  }

  private func appendData(
    _ range: Range<Int>,
    _ address: ReplyAddress,
    isLast: Bool,
    to output: inout OutputRawSpan,
    _ manner: inout ReadManner
  ) throws(ReadFailure) -> Bool {
    Reply.appendData(
      address,
      isLast: isLast,
      offset: range.lowerBound,
      count: range.count,
      to: &output
    )
    return try appendBytes(range, to: &output, &manner)
  }

  /// The runs of zeros in `range` that are worth a chunk of their own.
  private func holes(in range: Range<Int>) -> [Range<Int>] {
    var holes: [Range<Int>] = []
    var zeros: Range<Int>?
    func close() {
      guard let run = zeros else { return }
      zeros = nil
      let hole = run == range ? run : run.shrunk(to: Self.granularity, in: range)
      if hole == range || hole.count >= Self.holeLimit { holes.append(hole) }
    }
    disk.forEachExtent(in: range) { extent in
      if extent.kind == .data {
        close()
      } else {
        zeros = (zeros?.lowerBound ?? extent.range.lowerBound)..<extent.range.upperBound
      }
      return true
    }
    close()
    return holes
  }

  /// What the contexts say of `range`, or of prefixes of it.
  ///
  /// - Precondition: There is a context, and the range is not empty.
  func blockStatus(
    _ range: Range<Int>,
    isOneEnough: Bool,
    contexts: [MetaContext]
  ) -> BlockStatusReply {
    let limit = BlockStatusDescriptor.lengthLimit(form)
    var reply = BlockStatusReply(chunks: [], pieceCount: 0)
    reply.chunks.reserveCapacity(contexts.count)
    for context in contexts {
      let (descriptors, pieceCount) = context.descriptors(
        of: range,
        on: disk,
        isOneEnough: isOneEnough,
        lengthLimit: limit
      )
      reply.chunks.append((context, descriptors))
      reply.pieceCount += pieceCount
    }
    return reply
  }

  /// Appends a reply without data: success, or an error with its reason.
  func appendResult(
    _ error: (number: ErrorNumber, message: StaticString)?,
    address: ReplyAddress,
    to output: inout OutputRawSpan
  ) {
    if let error, form != .simple {
      Reply.appendError(address, error: error.number, message: error.message, to: &output)
    } else if form == .extended {
      Reply.appendNone(address, to: &output)
    } else {
      Reply.appendSimple(address, error: error?.number, to: &output)
    }
  }

  /// Room that a reply without data takes at most.
  static let resultLimit = Reply.headLimit + Reply.errorMessageLimit
}

extension Range<Int> {
  /// The part of the range between multiples of `granularity`, except that the
  /// bounds of `whole` stay.
  fileprivate func shrunk(to granularity: Int, in whole: Range<Int>) -> Range<Int> {
    let start =
      lowerBound == whole.lowerBound ? lowerBound : lowerBound.roundedUp(to: granularity)
    let end =
      upperBound == whole.upperBound ? upperBound : upperBound / granularity * granularity
    return start..<Swift.max(start, end)
  }
}
