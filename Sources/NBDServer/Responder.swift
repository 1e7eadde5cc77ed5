import DiskModel
import NBDProtocol

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

  /// Appends the whole reply to a read of `range`.
  ///
  /// - Returns: `false` if that would take waiting that is not allowed; then,
  ///   and when it throws, what was appended has no meaning.
  func appendRead(
    _ range: Range<Int>,
    address: ReplyAddress,
    isSplittable: Bool,
    mayWait: Bool,
    to output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    if form == .simple {
      Reply.appendSimple(address, error: nil, to: &output)
    } else if isSplittable {
      return try appendChunks(range, address: address, isLast: true, mayWait: mayWait, to: &output)
    } else {
      Reply.appendData(
        address,
        isLast: true,
        offset: range.lowerBound,
        count: range.count,
        to: &output
      )
    }
    return try appendBytes(range, mayWait: mayWait, to: &output)
  }

  /// Appends the bytes of `range` without any head.
  func appendBytes(
    _ range: Range<Int>,
    mayWait: Bool,
    to output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    if mayWait {
      try disk.read(range, into: &output)
      return true
    }
    return try disk.readWithoutWaiting(range, into: &output)
  }

  /// Appends `range` as chunks of data and holes; with `isLast` the last of
  /// them ends the reply.
  func appendChunks(
    _ range: Range<Int>,
    address: ReplyAddress,
    isLast: Bool,
    mayWait: Bool,
    to output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    if !mayWait, let segment = disk.soleSegment(of: range) {
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
      return try disk.readWithoutWaiting(range, in: segment, into: &output)
    }
    var position = range.lowerBound
    for hole in holes(in: range) {
      if position < hole.lowerBound {
        let data = position..<hole.lowerBound
        guard try appendData(data, address, isLast: false, mayWait, to: &output) else {
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
    return try appendData(rest, address, isLast: isLast, mayWait, to: &output)
  }

  private func appendData(
    _ range: Range<Int>,
    _ address: ReplyAddress,
    isLast: Bool,
    _ mayWait: Bool,
    to output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    Reply.appendData(
      address,
      isLast: isLast,
      offset: range.lowerBound,
      count: range.count,
      to: &output
    )
    return try appendBytes(range, mayWait: mayWait, to: &output)
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
    return BlockStatusReply(
      chunks: contexts.map { context in
        let descriptors = context.descriptors(
          of: range,
          on: disk,
          isOneEnough: isOneEnough,
          lengthLimit: limit
        )
        return (context, descriptors)
      }
    )
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
