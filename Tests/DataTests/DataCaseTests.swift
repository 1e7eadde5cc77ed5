import DiskModel
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import DataGenerator

@Suite("Expressions that nbdkit was given", .timeLimit(.minutes(30)))
struct DataCaseTests {
  @Test("are all there")
  func casesAreRead() {
    #expect(DataCase.all.count == 272)
    #expect(Set(DataCase.differences.keys).isSubset(of: Set(DataCase.all.map(\.name))))
  }

  @Test("give what nbdkit gave, but for its bugs", arguments: DataCase.all)
  func resultsAgree(test: DataCase) throws {
    if let difference = DataCase.differences[test.name] {
      guard let size = difference else {
        #expect(throws: GeneratorError.self) { _ = try build(test) }
        return
      }
      #expect(try build(test).size == size)
      return
    }
    guard test.error != true else {
      #expect(throws: GeneratorError.self) { _ = try build(test) }
      return
    }
    let disk = try build(test)
    #expect(disk.size == test.size)
    try checkConformance(of: disk, seed: 1, windows: 8)
    if let hex = test.hex {
      var bytes = try disk.bytes(0..<disk.size)
      if test.hex_trimmed == true { bytes = Array(bytes.prefix(hex.count / 2)) }
      #expect(bytes.map { String(format: "%02x", $0) }.joined() == hex)
    }
    if let head = test.head_hex, disk.size >= 64 {
      #expect(try hexadecimal(disk.bytes(0..<64)) == head)
    }
    if let tail = test.tail_hex, disk.size >= 64 {
      #expect(try hexadecimal(disk.bytes(disk.size - 64..<disk.size)) == tail)
    }
    if let expected = test.sha256, disk.size <= 1 << 27 {
      let file = try TemporaryDirectory()
      try writeSparse(disk, to: file("disk"))
      let line = try runTool("sha256sum", [file("disk")])
      #expect(line.hasPrefix(expected))
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }
}
