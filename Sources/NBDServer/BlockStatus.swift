import DiskModel
import NBDProtocol

/// Extents of a disk as the protocol wants them: with boundaries at multiples
/// of 512 bytes.
///
/// A sector that holds any data is data; one that holds nothing but holes is a
/// hole; any other is zero.
struct BlockStatus {
  /// Most descriptors of one reply.
  static let descriptorLimit = 1 << 14

  /// Most pieces of the disk that are looked at for one reply, so that a disk
  /// of countless tiny extents costs a bounded time.
  private static let stepLimit = 1 << 16

  private let lengthLimit: Int
  private var descriptors: [BlockStatusDescriptor] = []
  private var run: Extent?
  /// A sector that is not complete yet, with the kind of what there is of it.
  private var partial: Extent?

  private init(lengthLimit: Int) { self.lengthLimit = lengthLimit }

  /// Describes `range`, or a prefix of it; the last descriptor may reach to the
  /// end of a sector that the range ends in.
  ///
  /// - Parameters:
  ///   - disk: The disk.
  ///   - range: A range of it that is not empty.
  ///   - isOneEnough: Whether one descriptor, inside the range, is wanted.
  ///   - lengthLimit: Most bytes that a descriptor can be about; a range is not
  ///     longer, but for the end of its last sector.
  /// - Returns: At least one descriptor.
  static func descriptors(
    of disk: Disk,
    in range: Range<Int>,
    isOneEnough: Bool,
    lengthLimit: Int
  ) -> [BlockStatusDescriptor] {
    let end = min(disk.size, range.upperBound.roundedUp(to: Responder.granularity))
    var status = BlockStatus(lengthLimit: lengthLimit)
    var isComplete = false
    disk.forEachExtent(in: range.lowerBound..<end, limit: stepLimit) { extent in
      status.add(extent)
      isComplete = extent.range.upperBound == end
      return status.descriptors.count + 2 < (isOneEnough ? 3 : descriptorLimit)
    }
    status.finish(isComplete: isComplete)
    guard isOneEnough, let first = status.descriptors.first else { return status.descriptors }
    let length = min(first.length, range.count)
    return [BlockStatusDescriptor(length: length, state: first.state)]
  }

  /// Adds the extent that follows what was added before.
  private mutating func add(_ extent: Extent) {
    var start = extent.range.lowerBound
    if let sector = partial {
      let kind = sector.kind.combined(with: extent.kind)
      let sectorEnd = (sector.range.lowerBound + 1).roundedUp(to: Responder.granularity)
      guard extent.range.upperBound >= sectorEnd else {
        partial = Extent(sector.range.lowerBound..<extent.range.upperBound, kind)
        return
      }
      partial = nil
      append(Extent(sector.range.lowerBound..<sectorEnd, kind))
      start = sectorEnd
    }
    let granularity = Responder.granularity
    let end = extent.range.upperBound / granularity * granularity
    if start < end {
      append(Extent(start..<end, extent.kind))
      start = end
    }
    if start < extent.range.upperBound {
      partial = Extent(start..<extent.range.upperBound, extent.kind)
    }
  }

  /// Appends whole sectors, merging them with what is alike.
  private mutating func append(_ extent: Extent) {
    if let last = run, last.kind == extent.kind {
      run?.range = last.range.lowerBound..<extent.range.upperBound
    } else {
      flush()
      run = extent
    }
  }

  private mutating func flush() {
    guard let run else { return }
    self.run = nil
    // Only a last one can be longer, by its rounding, and only that may be cut:
    // others would no longer meet the next.
    let isShort = run.range.count <= lengthLimit
    let length =
      isShort ? run.range.count : lengthLimit / Responder.granularity * Responder.granularity
    descriptors.append(BlockStatusDescriptor(length: length, state: run.kind.state))
  }

  /// Adds what is left.
  ///
  /// Of a sector that was not looked at to its end, nothing is said, unless
  /// nothing else was.
  private mutating func finish(isComplete: Bool) {
    if let sector = partial {
      if isComplete {
        append(sector)
      } else if descriptors.isEmpty && run == nil {
        append(Extent(sector.range, .data))
      }
    }
    flush()
  }
}

extension Extent.Kind {
  /// The kind of a sector that holds bytes of both kinds.
  fileprivate func combined(with other: Extent.Kind) -> Extent.Kind {
    if self == other { return self }
    return self == .data || other == .data ? .data : .zero
  }

  fileprivate var state: AllocationState {
    switch self {
    case .data: []
    case .zero: .zero
    case .hole: [.hole, .zero]
    }
  }
}
