import DiskModel
import TestSupport

/// A disk next to the bytes that it has, how each of them is stored, and what it is for.
struct KnownDisk {
  var disk = Disk()
  var bytes: [UInt8] = []
  var kinds: [Extent.Kind] = []
  var roles: [Segment.Role] = []

  mutating func appendData(_ data: [UInt8], as role: Segment.Role? = nil) throws {
    try disk.append(data, as: role)
    bytes += data
    kinds += Array(repeating: .data, count: data.count)
    roles += Array(repeating: role ?? .content, count: data.count)
  }

  mutating func appendZeros(
    _ kind: Segment.ZeroKind,
    _ count: Int,
    as role: Segment.Role? = nil
  ) throws {
    try disk.append(.zeros(kind), count: count, as: role)
    bytes += Array(repeating: 0, count: count)
    kinds += Array(repeating: kind == .hole ? .hole : .zero, count: count)
    roles += Array(repeating: role ?? (kind == .hole ? .free : .content), count: count)
  }

  mutating func appendSource(_ count: Int, isSlow: Bool, as role: Segment.Role? = nil) throws {
    let source: any ByteSource = isSlow ? SlowSource() : PatternSource()
    try disk.append(.source(source, offset: bytes.count), count: count, as: role)
    roles += Array(repeating: role ?? .content, count: count)
    bytes += PatternSource.bytes(bytes.count..<bytes.count + count)
    kinds += Array(repeating: .data, count: count)
  }

  mutating func appendRepeating(
    _ unit: KnownDisk,
    phase: Int,
    count: Int,
    as role: Segment.Role? = nil
  ) throws {
    try disk.append(.repeating(unit.disk, phase: phase), count: count, as: role)
    let size = unit.bytes.count
    bytes += (0..<count).map { unit.bytes[($0 + phase) % size] }
    kinds += (0..<count).map { unit.kinds[($0 + phase) % size] }
    roles += (0..<count).map { role ?? unit.roles[($0 + phase) % size] }
  }

  /// A random disk of at least `size` bytes.
  ///
  /// Its pieces have at most `piece` bytes, and repeating ones nest `depth` times.
  static func random(
    size: Int,
    piece: Int,
    depth: Int = 2,
    using random: inout SeededGenerator
  ) throws -> KnownDisk {
    var disk = KnownDisk()
    while disk.bytes.count < size {
      var count = 1 + random.anyMagnitude(below: piece)
      // Boundaries between sectors are as likely as others.
      if Bool.random(using: &random) { count = (count + 511) / 512 * 512 }
      // Most have no role of their own.
      let role = Segment.Role(rawValue: .random(in: 0..<16, using: &random))
      switch Int.random(in: 0..<(depth > 0 ? 7 : 6), using: &random) {
      case 0: try disk.appendData(random.bytes(count), as: role)
      case 1, 2: try disk.appendZeros(.hole, count, as: role)
      case 3: try disk.appendZeros(.written, count, as: role)
      case 4: try disk.appendSource(count, isSlow: false, as: role)
      case 5: try disk.appendSource(count, isSlow: true, as: role)
      default:
        let inner = max(piece / 8, 2)
        let unit = try Self.random(size: inner, piece: inner, depth: depth - 1, using: &random)
        let phase = Int.random(in: 0..<unit.bytes.count, using: &random)
        try disk.appendRepeating(unit, phase: phase, count: count, as: role)
      }
    }
    return disk
  }
}
