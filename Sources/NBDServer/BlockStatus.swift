import DiskModel
import NBDProtocol

/// What a meta context can say of bytes.
protocol BlockState: Equatable {
  /// The state of a sector that holds bytes of both.
  func combined(with other: Self) -> Self

  /// Its number on the wire.
  var number: UInt32 { get }

  /// What may be said of anything.
  static var unknown: Self { get }
}

/// Limits of one block status reply.
enum BlockStatusLimits {
  /// Most descriptors of one context.
  static let descriptors = 1 << 14

  /// Most pieces of the disk that are looked at, so that a disk of countless
  /// tiny extents costs a bounded time.
  static let steps = 1 << 16
}

/// What a context says of a disk as the protocol wants it: with boundaries at
/// multiples of 512 bytes.
struct BlockStatus<State: BlockState> {
  private let lengthLimit: Int
  private var descriptors: [BlockStatusDescriptor] = []
  private var run: Run?
  /// A sector that is not complete yet, with the state of what there is of it.
  private var partial: Run?

  /// Bytes that are in one state.
  private struct Run {
    var range: Range<Int>
    var state: State
  }

  private init(lengthLimit: Int) { self.lengthLimit = lengthLimit }

  /// Describes `range`, or a prefix of it; the last descriptor may reach to the
  /// end of a sector that the range ends in.
  ///
  /// - Parameters:
  ///   - range: A range of the disk that is not empty.
  ///   - size: Size of the disk.
  ///   - isOneEnough: Whether one descriptor, inside the range, is wanted.
  ///   - lengthLimit: Most bytes that a descriptor can be about; a range is not
  ///     longer, but for the end of its last sector.
  ///   - visit: Visits the states of a range of the disk until it is told to stop.
  /// - Returns: At least one descriptor, and how many pieces were looked at.
  static func descriptors(
    of range: Range<Int>,
    size: Int,
    isOneEnough: Bool,
    lengthLimit: Int,
    visit: (Range<Int>, (Range<Int>, State) -> Bool) -> Void
  ) -> (descriptors: [BlockStatusDescriptor], pieceCount: Int) {
    let end = min(size, range.upperBound.roundedUp(to: Responder.granularity))
    var status = BlockStatus(lengthLimit: lengthLimit)
    var isComplete = false
    var pieceCount = 0
    visit(range.lowerBound..<end) { piece, state in
      pieceCount += 1
      status.add(piece, state)
      isComplete = piece.upperBound == end
      return status.descriptors.count + 2 < (isOneEnough ? 3 : BlockStatusLimits.descriptors)
    }
    status.finish(isComplete: isComplete)
    guard isOneEnough, let first = status.descriptors.first else {
      return (status.descriptors, pieceCount)
    }
    let length = min(first.length, range.count)
    return ([BlockStatusDescriptor(length: length, state: first.state)], pieceCount)
  }

  /// Adds what follows what was added before.
  private mutating func add(_ piece: Range<Int>, _ state: State) {
    var start = piece.lowerBound
    if let sector = partial {
      let state = sector.state.combined(with: state)
      let sectorEnd = (sector.range.lowerBound + 1).roundedUp(to: Responder.granularity)
      guard piece.upperBound >= sectorEnd else {
        partial = Run(range: sector.range.lowerBound..<piece.upperBound, state: state)
        return
      }
      partial = nil
      append(sector.range.lowerBound..<sectorEnd, state)
      start = sectorEnd
    }
    let granularity = Responder.granularity
    let end = piece.upperBound / granularity * granularity
    if start < end {
      append(start..<end, state)
      start = end
    }
    if start < piece.upperBound { partial = Run(range: start..<piece.upperBound, state: state) }
  }

  /// Appends whole sectors, merging them with what is alike.
  private mutating func append(_ sectors: Range<Int>, _ state: State) {
    if let last = run, last.state == state {
      run?.range = last.range.lowerBound..<sectors.upperBound
    } else {
      flush()
      run = Run(range: sectors, state: state)
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
    descriptors.append(BlockStatusDescriptor(length: length, state: run.state.number))
  }

  /// Adds what is left.
  ///
  /// Of a sector that was not looked at to its end, nothing is said, unless
  /// nothing else was.
  private mutating func finish(isComplete: Bool) {
    if let sector = partial {
      if isComplete {
        append(sector.range, sector.state)
      } else if descriptors.isEmpty && run == nil {
        append(sector.range, .unknown)
      }
    }
    flush()
  }
}
