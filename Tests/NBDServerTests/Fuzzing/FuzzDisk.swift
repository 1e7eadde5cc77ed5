import DiskModel
import TestSupport

/// A disk that bytes describe, next to what it has to hold.
///
/// It may be as large as disks can be: what it holds is known piece by piece.
struct FuzzDisk {
  private(set) var disk = Disk()
  private var pieces: [Piece] = []

  /// A part of the disk.
  private struct Piece {
    var range: Range<Int>
    var content: Content
    var role: Segment.Role?

    /// What any of its bytes may be for, as a number and most important first.
    var roles: [UInt32] {
      if let role { return [UInt32(role.rawValue)] }
      switch content {
      case .zeros(.hole): return [3]
      case .zeros(.written), .data: return [0]
      case .repeating(_, let zeroCount, _): return zeroCount == 0 ? [0] : [0, 3]
      }
    }
  }

  private enum Content {
    case zeros(Segment.ZeroKind)
    case data([UInt8])
    /// Data and zeros over and over, from the `phase`th byte on.
    case repeating(data: [UInt8], zeroCount: Int, phase: Int)
  }

  var size: Int { disk.size }

  /// Takes a disk from the input: a number of pieces, then a kind, a size and a seed each.
  init(_ input: inout FuzzInput) {
    for _ in 0..<input.choice(of: 12) {
      let kind = input.byte()
      let size = Int(input.number(UInt16.self))
      let seed = input.byte()
      // Boundaries between sectors are as likely as others.
      let count = kind & 0x80 == 0 ? size : size / 512 * 512
      // Most have no role of their own.
      let role = Segment.Role(rawValue: kind >> 3 & 0x0F)
      switch kind & 7 {
      case 0: append(.zeros(.hole), count, role)
      case 1: append(.zeros(.written), count, role)
      case 2: append(.zeros(.hole), count << Int(seed % 48), role)
      case 3: append(.zeros(.written), count << Int(seed % 48), role)
      case 4:
        let data = Self.pattern(seed, 1 + size % 5000)
        append(
          .repeating(data: data, zeroCount: Int(seed) * 40, phase: data.count / 2),
          count << Int(seed % 40),
          role
        )
      default: append(.data(Self.pattern(seed, count)), count, role)
      }
    }
  }

  /// Appends a piece, unless the disk would become too large.
  private mutating func append(_ content: Content, _ count: Int, _ role: Segment.Role?) {
    let start = size
    try? disk.append(Self.segment(content, count), count: count, as: role)
    if size > start { pieces.append(Piece(range: start..<size, content: content, role: role)) }
  }

  private static func segment(_ content: Content, _ count: Int) -> Segment.Content {
    switch content {
    case .zeros(let kind): return .zeros(kind)
    case .data(let bytes): return .bytes(bytes, offset: 0)
    case .repeating(let data, let zeroCount, let phase):
      var unit = Disk(data)
      // A small unit does not get too large by this.
      try? unit.append(.zeros(.hole), count: zeroCount)
      return .repeating(unit, phase: phase)
    }
  }

  /// Bytes that are not zero, and tell where they are.
  private static func pattern(_ seed: UInt8, _ count: Int) -> [UInt8] {
    let start = Int(seed) << 8
    return Array(patterns[start..<start + count])
  }

  /// All patterns, which are at most 2^16 bytes long.
  private static let patterns: [UInt8] = (0..<1 << 17).map { offset in
    UInt8(truncatingIfNeeded: offset &* 167 &+ offset >> 8) | 1
  }

  /// What the disk holds in `range`, which is inside it.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for piece in pieces where piece.range.overlaps(range) {
      let covered = piece.range.clamped(to: range)
      let start = covered.lowerBound - piece.range.lowerBound
      switch piece.content {
      case .zeros: bytes += [UInt8](repeating: 0, count: covered.count)
      case .data(let data): bytes += data[start..<start + covered.count]
      case .repeating(let data, let zeroCount, let phase):
        let unit = data + [UInt8](repeating: 0, count: zeroCount)
        var place = (start % unit.count + phase) % unit.count
        let end = bytes.count + covered.count
        while bytes.count < end {
          bytes += unit[place...].prefix(end - bytes.count)
          place = 0
        }
      }
    }
    return bytes
  }

  /// Checks that block status of `range` is true: bit 0 is for holes, bit 1 for zeros.
  func check(status: UInt32, of range: Range<Int>) throws {
    let shown = "status \(status) of \(range)"
    let covering = pieces.filter { $0.range.overlaps(range) }
    for piece in covering {
      switch piece.content {
      case .zeros(.hole): break
      case .zeros(.written): try expect(status & 1 == 0, "A6: \(shown), which was written")
      case .data: try expect(status == 0, "A6: \(shown), in which there is data")
      case .repeating(let data, let zeroCount, _):
        let isLong = piece.range.clamped(to: range).count >= data.count + zeroCount
        try expect(!isLong || status == 0, "A6: \(shown), in which there is repeated data")
      }
    }
    try expect(status != 1, "A6: \(shown): what is a hole reads as zeros")
    guard status != 0 else {
      return try expect(hasDataNear(range), "A6: \(shown), in which there is no data")
    }
    for part in [range.prefix(4096), range.suffix(4096)] {
      let bytes = bytes(part.startIndex..<part.endIndex)
      try expect(bytes.allSatisfy { $0 == 0 }, "A6: \(shown), in which there are other bytes")
    }
  }

  /// Checks that what `range` is said to be for is true of some of its bytes, and that
  /// there are none that are for something more important.
  func check(segment number: UInt32, of range: Range<Int>) throws {
    let ranks: [UInt32] = [1, 2, 0, 4, 3]
    let shown = "A5: \(number) for \(range)"
    let rank = ranks.firstIndex(of: number)
    try expect(rank != nil, "\(shown), which is no number")
    let sectors = range.lowerBound..<wholeSectorEnd(range)
    try expect(
      pieces.contains { $0.range.overlaps(sectors) && $0.roles.contains(number) },
      "\(shown), in which there is nothing of that"
    )
    for piece in pieces where piece.range.overlaps(range) && piece.roles.count == 1 {
      let isHidden = ranks.firstIndex(of: piece.roles[0]) ?? 0 >= rank ?? 0
      try expect(isHidden, "\(shown), in which there is \(piece.roles[0])")
    }
  }

  /// Where the sector ends that `range` ends in.
  private func wholeSectorEnd(_ range: Range<Int>) -> Int {
    let excess = range.upperBound % 512
    return min(size - range.upperBound, excess == 0 ? 0 : 512 - excess) + range.upperBound
  }

  /// Whether there is data in `range`, or behind it in the sector in which it ends,
  /// as sectors are told of as wholes.
  private func hasDataNear(_ range: Range<Int>) -> Bool {
    let sectors = range.lowerBound..<wholeSectorEnd(range)
    return pieces.contains { piece in
      guard piece.range.overlaps(sectors) else { return false }
      return if case .zeros = piece.content { false } else { true }
    }
  }
}
