public import DiskModel

/// The map of a disk of which nothing is known but its segments.
///
/// A repetition is one piece, unless its bytes are for different things and there are
/// few of them.
public struct SegmentMap: DiskMap {
  private let disk: Disk

  /// Size of the disk in bytes.
  public var size: Int { disk.size }

  /// Creates the map of any disk.
  public init(_ disk: Disk) { self.disk = disk }

  /// Visits the segments of a range in order, until `body` returns `false`.
  public func visit(_ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool {
    guard !range.isEmpty else { return true }
    var index = disk.segmentIndex(at: range.lowerBound)
    while index < disk.segmentCount {
      let segment = disk.segment(at: index)
      guard segment.range.lowerBound < range.upperBound else { break }
      guard visit(segment, range, body) else { return false }
      index += 1
    }
    return true
  }

  private func visit(_ segment: Segment, _ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool {
    guard let part = Part(of: segment), part.isUnrolled else {
      return body(Self.piece(of: segment).clamped(to: range))
    }
    let inside = segment.range.clamped(to: range)
    var position = inside.lowerBound
    while position < inside.upperBound {
      let period = part.period(at: position)
      let start = position - period.lowerBound
      let end = min(period.upperBound, inside.upperBound) - period.lowerBound
      let isDone = SegmentMap(part.unit).visit(start..<end) {
        body($0.moved(by: period.lowerBound))
      }
      guard isDone else { return false }
      position = period.lowerBound + end
    }
    return true
  }

  /// Tells of one byte what its segment is, also within repetitions.
  public func detail(at offset: Int) -> MapPiece {
    let segment = disk.segment(at: disk.segmentIndex(at: offset))
    guard let part = Part(of: segment), part.isUnrolled || part.isMixed else {
      return Self.piece(of: segment)
    }
    let start = part.period(at: offset).lowerBound
    let found = SegmentMap(part.unit).detail(at: offset - start).moved(by: start)
    return found.clamped(to: segment.range)
  }

  /// A part of another disk, perhaps repeated.
  private struct Part {
    var unit: Disk
    private var phase: Int
    private var range: Range<Int>

    /// Whether its bytes are for different things.
    var isMixed: Bool

    init?(of segment: Segment) {
      guard case .repeating(let unit, let phase) = segment.content else { return nil }
      self.unit = unit
      self.phase = phase
      range = segment.range
      isMixed = segment.role == nil && segment.content.uniformRole == nil
    }

    /// Most pieces of a repetition that is taken apart.
    private static let pieceLimit = 256

    /// Whether it is taken apart: what is used once is no repetition, but a way to
    /// share storage.
    var isUnrolled: Bool {
      if range.count <= unit.size - phase { return true }
      return isMixed && range.count / unit.size < Self.pieceLimit / unit.segmentCount - 1
    }

    /// Where the unit lies that has a byte of the part; it may start before the part.
    func period(at offset: Int) -> Range<Int> {
      // Not added up: a part may end where numbers do.
      let rest = (offset - range.lowerBound) % unit.size
      let inside = rest < unit.size - phase ? rest + phase : rest - (unit.size - phase)
      let start = offset - inside
      return start..<start + min(unit.size, Int.max - max(0, start))
    }
  }

  private static func piece(of segment: Segment) -> MapPiece {
    let role = segment.role ?? segment.content.uniformRole
    var owner: Owner
    switch segment.content {
    case .zeros(.hole): owner = Owner(role == .free ? .free : .zeros, role)
    case .zeros(.written): owner = Owner(.zeros, role)
    case .bytes: owner = Owner(.bytes, role)
    case .repeating(let unit, _):
      let count = unit.size
      owner = Owner(.repetition, role)
      owner.note = "of \(count) byte\(count == 1 ? "" : "s")"
    case .source(let source, let offset):
      let path = (source as? HostFile)?.path
      owner = Owner(path == nil ? .computed : .file, role, offset: offset)
      owner.path = path.map { Array($0.utf8) }
      owner.source = path
    }
    return MapPiece(segment.range, owner)
  }
}

extension Owner.Kind {
  /// Zeros that were written.
  public static let zeros = Owner.Kind(rawValue: "zeros")
  /// Bytes that are in memory.
  public static let bytes = Owner.Kind(rawValue: "bytes")
  /// A few bytes, or a small disk, over and over.
  public static let repetition = Owner.Kind(rawValue: "repetition")
  /// Bytes that are made when they are read.
  public static let computed = Owner.Kind(rawValue: "computed")
}
