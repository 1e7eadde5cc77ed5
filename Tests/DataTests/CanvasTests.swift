import DiskModel
import TestSupport
import Testing

@testable import DataGenerator

@Suite("A canvas")
struct CanvasTests {
  @Test("shows what was written last at every place", arguments: 1...40 as ClosedRange<UInt64>)
  func laterWritesCover(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var canvas = Canvas()
    var model: [UInt8] = []
    for _ in 0..<Int.random(in: 1...60, using: &generator) {
      let offset = generator.anyMagnitude(below: 300)
      let bytes = generator.bytes(generator.anyMagnitude(below: 100))
      canvas.move(to: offset)
      try canvas.write(Disk(literal: bytes))
      let end = offset + bytes.count
      if model.count < end { model += [UInt8](repeating: 0, count: end - model.count) }
      model.replaceSubrange(offset..<end, with: bytes)
    }
    let disk = try canvas.finish()
    try checkConformance(of: disk, bytes: model, seed: seed, windows: 8)
  }

  @Test("is linear in the number of writes, whatever their order")
  func descendingWritesAreCheap() throws {
    var canvas = Canvas()
    let count = 50_000
    for index in (0..<count).reversed() {
      canvas.move(to: index)
      try canvas.write(Disk(literal: [UInt8(index % 255) + 1]))
    }
    let disk = try canvas.finish()
    #expect(disk.size == count)
    #expect(try disk.bytes(0..<count) == (0..<count).map { UInt8($0 % 255) + 1 })
  }
}
