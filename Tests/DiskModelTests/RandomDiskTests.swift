import DiskModel
import TestSupport
import Testing

/// A disk next to the bytes and kinds that it should have.
private struct ModelledDisk {
  var disk = Disk()
  var bytes: [UInt8] = []
  var kinds: [Extent.Kind] = []

  mutating func append(_ other: ModelledDisk) throws(DiskError) {
    try disk.append(contentsOf: other.disk)
    bytes += other.bytes
    kinds += other.kinds
  }

  func slice(_ range: Range<Int>) -> ModelledDisk {
    ModelledDisk(
      disk: disk.slice(range),
      bytes: Array(bytes[range]),
      kinds: Array(kinds[range])
    )
  }

  func repeated(phase: Int, count: Int) throws(DiskError) -> ModelledDisk {
    var result = ModelledDisk()
    try result.disk.append(.repeating(disk, phase: phase), count: count)
    result.bytes = (0..<count).map { bytes[($0 + phase) % bytes.count] }
    result.kinds = (0..<count).map { kinds[($0 + phase) % kinds.count] }
    return result
  }

  /// A random disk of a few hundred bytes, nested at most `depth` times.
  static func random(depth: Int, using random: inout SeededGenerator) throws -> ModelledDisk {
    var result = ModelledDisk()
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      try result.append(piece(depth: depth, using: &random))
    }
    return result
  }

  private static func piece(depth: Int, using random: inout SeededGenerator) throws -> ModelledDisk
  {
    var piece = ModelledDisk()
    let count = random.anyMagnitude(below: 40)
    switch Int.random(in: 0..<(depth > 0 ? 7 : 4), using: &random) {
    case 0:
      piece.bytes = random.bytes(count)
      piece.kinds = Array(repeating: .data, count: count)
      try piece.disk.append(piece.bytes)
    case 1, 2:
      let isHole = Bool.random(using: &random)
      piece.bytes = Array(repeating: 0, count: count)
      piece.kinds = Array(repeating: isHole ? .hole : .zero, count: count)
      try piece.disk.append(.zeros(isHole ? .hole : .written), count: count)
    case 3:
      let offset = random.anyMagnitude(below: 1 << 40)
      let isSlow = Bool.random(using: &random)
      piece.bytes = PatternSource.bytes(offset..<offset + count)
      piece.kinds = Array(repeating: .data, count: count)
      let source: any ByteSource = isSlow ? SlowSource() : PatternSource()
      try piece.disk.append(.source(source, offset: offset), count: count)
    case 4:
      let whole = try Self.random(depth: depth - 1, using: &random)
      let bounds = (0..<2).map { _ in Int.random(in: 0...whole.bytes.count, using: &random) }
        .sorted()
      piece = whole.slice(bounds[0]..<bounds[1])
    default:
      let unit = try Self.random(depth: depth - 1, using: &random)
      guard !unit.bytes.isEmpty else { break }
      let phase = Int.random(in: 0..<unit.bytes.count, using: &random)
      let count = 1 + random.anyMagnitude(below: 4 * unit.bytes.count)
      piece = try unit.repeated(phase: phase, count: count)
    }
    return piece
  }
}

struct RandomDiskTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func aRandomDiskIsWhatItWasMadeFrom(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let model = try ModelledDisk.random(depth: 3, using: &random)
    try checkConformance(of: model.disk, bytes: model.bytes, seed: seed)
    let size = model.disk.size
    let extents = model.disk.extents(in: 0..<size)
    let kinds = extents.flatMap { Array(repeating: $0.kind, count: $0.range.count) }
    #expect(kinds == model.kinds, "seed \(seed)")
  }
}
