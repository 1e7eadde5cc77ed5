import DataGenerator
import DiskModel
import TestSupport
import Testing

@Suite("The expression that is written of a disk")
struct ShortestExpressionTests {
  private func written(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> String? {
    try ShortestExpression.text(of: Disk(bytes), limit: limit)
  }

  @Test(
    "is short",
    arguments: [
      ([], ""), ([0], "0"), ([1, 2, 3], "1 2 3"), ([UInt8](repeating: 85, count: 512), "85*512"),
      (Array("hello".utf8), "\"hello\""), (Array("a\"\\b\n".utf8), "\"a\\\"\\\\b\\n\""),
      ([UInt8](repeating: 0, count: 2048), "@+2K"), ([10, 11], "10 11"),
      (
        Array("ab".utf8) + [UInt8](repeating: 0, count: 300) + Array("cd".utf8), "\"ab\"0*300\"cd\""
      ),
      ([0xEB, 0xFE] + [UInt8](repeating: 0, count: 508) + [0x55, 0xAA], "235 254@+508 85 170"),
    ] as [([UInt8], String)]
  )
  func isShort(bytes: [UInt8], text: String) throws {
    let written = try #require(try written(bytes))
    #expect(written.utf8.count <= text.utf8.count, "\(written)")
    #expect(try build([written.isEmpty ? "data=" : written]).bytes(0..<bytes.count) == bytes)
  }

  @Test("means the same bytes", arguments: 0..<200 as Range<UInt64>)
  func meansTheSame(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0..<30, using: &random) {
      let count = Int.random(in: 1...(1 << Int.random(in: 0...11, using: &random)), using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes += [UInt8](repeating: 0, count: count)
      case 1: bytes += [UInt8](repeating: .random(in: 0...255, using: &random), count: count)
      case 2: bytes += (0..<count % 40).map { _ in .random(in: 32...126, using: &random) }
      default: bytes += (0..<count % 40).map { _ in .random(in: 0...255, using: &random) }
      }
    }
    let text = try #require(try written(bytes))
    let disk = try build(["data=" + text])
    #expect(disk.size == bytes.count, "seed \(seed): \(text)")
    #expect(try disk.bytes(0..<disk.size) == bytes, "seed \(seed): \(text)")
  }

  @Test("may be of an enormous disk")
  func enormous() throws {
    var disk = Disk(Array("boot".utf8))
    try disk.append(.zeros(.hole), count: 1 << 60)
    let text = try #require(try ShortestExpression.text(of: disk, limit: 20))
    #expect(try build(["data=" + text]).size == disk.size)
  }

  @Test("does not exist if it would be too long")
  func limit() throws {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 &+ $0) }
    #expect(try written(bytes, limit: 1000) == nil)
    #expect(try written([1, 2, 3], limit: 5) == "1 2 3")
    #expect(try written([1, 2, 3], limit: 4) == nil)
  }
}
