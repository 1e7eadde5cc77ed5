import DiskModel
import NBDProtocol

extension MetaContext {
  /// What the context says of `range`, or of a prefix of it, and how many pieces of the disk
  /// were looked at for that.
  func descriptors(
    of range: Range<Int>,
    on disk: Disk,
    isOneEnough: Bool,
    lengthLimit: Int
  ) -> (descriptors: [BlockStatusDescriptor], pieceCount: Int) {
    switch self {
    case .allocation:
      BlockStatus<Extent.Kind>.descriptors(
        of: range,
        size: disk.size,
        isOneEnough: isOneEnough,
        lengthLimit: lengthLimit
      ) { range, body in
        disk.forEachExtent(in: range, limit: BlockStatusLimits.steps) { body($0.range, $0.kind) }
      }
    case .segment:
      BlockStatus<Segment.Role>.descriptors(
        of: range,
        size: disk.size,
        isOneEnough: isOneEnough,
        lengthLimit: lengthLimit
      ) { range, body in
        disk.forEachRole(in: range, limit: BlockStatusLimits.steps, body)
      }
    }
  }
}

/// The reply to a request for block status: a chunk for each context.
struct BlockStatusReply {
  var chunks: [(context: MetaContext, descriptors: [BlockStatusDescriptor])]

  /// How many pieces of the disk were looked at.
  var pieceCount: Int

  /// Room that it takes at most, in bytes.
  var sizeLimit: Int {
    chunks.reduce(0) { sum, chunk in
      sum + Reply.headLimit + chunk.descriptors.count * BlockStatusDescriptor.size(.extended)
    }
  }

  /// Appends the reply.
  func encode(_ address: ReplyAddress, into output: inout OutputRawSpan) {
    for (index, chunk) in chunks.enumerated() {
      Reply.appendBlockStatus(
        address,
        context: chunk.context,
        count: chunk.descriptors.count,
        isLast: index == chunks.count - 1,
        to: &output
      )
      for descriptor in chunk.descriptors { descriptor.encode(address.form, into: &output) }
    }
  }
}

/// States of `base:allocation`: a sector that holds any data is data; one that
/// holds nothing but holes is a hole; any other is zero.
extension Extent.Kind: BlockState {
  static var unknown: Self { .data }

  func combined(with other: Self) -> Self {
    if self == other { return self }
    return self == .data || other == .data ? .data : .zero
  }

  /// `NBD_STATE_HOLE` is 1, `NBD_STATE_ZERO` is 2.
  var number: UInt32 {
    switch self {
    case .data: 0
    case .zero: 2
    case .hole: 3
    }
  }
}

/// States of `nbdgen:segment`: a sector is for what its most important bytes are
/// for.
extension Segment.Role: BlockState {
  static var unknown: Self { .content }

  func combined(with other: Self) -> Self { rank >= other.rank ? self : other }

  var number: UInt32 { UInt32(rawValue) }

  private var rank: Int {
    switch self {
    case .free: 0
    case .slack: 1
    case .content: 2
    case .fileData: 3
    case .metadata: 4
    }
  }
}
