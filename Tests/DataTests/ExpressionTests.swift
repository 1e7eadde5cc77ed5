import DiskModel
import Foundation
import GeneratorKit
import TestSupport
import Testing

@testable import DataGenerator

@Suite("A data expression", .timeLimit(.minutes(30)))
struct ExpressionTests {
  /// Expressions that would be enormous if they were written out: the size, and
  /// what is at the end.
  private static let enormous: [(String, Int, [UInt8])] = [
    ("0x55*1000000000", 1_000_000_000, [0x55, 0x55]),
    ("(0x55 0xAA)*1E", 1 << 61, [0x55, 0xAA]),
    ("0*9223372036854775807", .max, [0, 0]),
    ("((1 @1000)*1000 @1M 2)*1G", (1 << 20 + 1) << 30, [0, 2]),
    (
      "(((1 2)*1G 3)*1K (4 @+1M)*1M 5)*4", 4 * ((1 << 31 + 1) << 10 + (1 << 20 + 1) << 20 + 1),
      [0, 5]
    ),
    ("(1*1E)[1:] 2", 1 << 60, [1, 2]),
    ("@8191P 7", 8191 << 50 + 1, [0, 7]),
    ("\(doubling(times: 60))\\a60[:1T] 9", 1 << 40 + 1, [1, 9]),
  ]

  private static func doubling(times: Int) -> String {
    "1 -> \\a0 " + (0..<times).map { "(\\a\($0) \\a\($0)) -> \\a\($0 + 1) " }.joined()
  }

  @Test("of any size is built without being written out", arguments: enormous)
  func enormousDisksAreSmall(expression: String, size: Int, end: [UInt8]) throws {
    let disk = try build([expression])
    #expect(disk.size == size)
    #expect(disk.segmentCount < 100)
    #expect(try disk.bytes(size - end.count..<size) == end)
    try checkConformance(of: disk, seed: 7, windows: 16, wholeLimit: 1 << 20)
  }

  @Test("of 64,000 literal bytes is one run of bytes")
  func manyBytesAreOneRun() throws {
    let text = (0..<64_000).map { $0 % 2 == 0 ? "1" : "2" }.joined(separator: " ")
    let disk = try build([text])
    #expect(disk.size == 64_000)
    #expect(disk.segmentCount == 1)
  }

  @Test(
    "tells holes, written zeros and data apart, to the byte",
    arguments: [
      ("1 @+3 2", [(1, .data), (3, .hole), (1, .data)]),
      // No client can be told of zeros that fill no sector.
      ("1 0 0 2", [(4, .data)]),
      ("1\(String(repeating: " 0", count: 511)) 2", [(513, .data)]),
      ("1\(String(repeating: " 0", count: 512)) 2", [(1, .data), (512, .zero), (1, .data)]),
      ("0 1 0 0", [(1, .zero), (1, .data), (2, .zero)]),
      ("0", [(1, .zero)]),
      ("0*65536", [(65536, .hole)]),
      ("(0 0)*5 1", [(10, .hole), (1, .data)]),
      ("1*8 @2 (@2)", [(2, .data), (2, .hole), (4, .data)]),
      ("1*8 @2 0 0", [(2, .data), (2, .zero), (4, .data)]),
      ("\"a\\x00b\"", [(3, .data)]),
      ("le32:0 @^8", [(4, .zero), (4, .hole)]),
      ("(1 @3)[1:]*2 1", [(4, .hole), (1, .data)]),
    ] as [(String, [(Int, Extent.Kind)])]
  )
  func extentsAreTrue(expression: String, runs: [(Int, Extent.Kind)]) throws {
    let disk = try build([expression])
    let extents = disk.extents(in: 0..<disk.size)
    #expect(extents.map(\.range.count) == runs.map(\.0))
    #expect(extents.map(\.kind) == runs.map(\.1))
  }

  @Test(
    "knows more than nbdkit",
    arguments: [
      ("@1K 1", [], 1025), ("1*2k", [], 2048), ("(1*1M)[1K:2K]", [], 1024),
      ("@$x 1", ["x=0x10"], 17), ("1*$n", ["n= 3 "], 3), ("\"abcdef\"[$a:$b]", ["a=1", "b=3"], 2),
      ("1*$n", ["n=$m", "m=2K"], 2048), ("le16:$v", ["v=258"], 2), ("1*$n*2", ["n=4"], 8),
      ("(le16:1)*2", [], 4), ("le16:1*2", [], 4), ("1->\\a \\a->\\b \\b", [], 1),
      ("1 2 3 @=3", [], 3), ("1 2 3 @<=3 @10", [], 10), ("@1be16:5", [], 3),
    ] as [(String, [String], Int)]
  )
  func extensionsWork(expression: String, variables: [String], size: Int) throws {
    #expect(try build([expression] + variables).size == size)
  }

  @Test("refers to files instead of reading them")
  func filesAreReferredTo() throws {
    let directory = try TemporaryDirectory()
    try runTool("truncate", ["-s", "100G", directory("huge")])
    let disk = try build(["<\(directory("huge")) 1"])
    #expect(disk.size == 100 << 30 + 1)
    #expect(disk.extents(in: 0..<disk.size).map(\.kind) == [.hole, .data])

    try Data("0123456789".utf8).write(to: URL(fileURLWithPath: directory("digits")))
    let digits = try build(["(<\(directory("digits")))[3:5]*2"])
    #expect(try digits.bytes(0..<4) == Array("3434".utf8))
    try Data("0123456780".utf8).write(to: URL(fileURLWithPath: directory("digits")))
    #expect(throws: ReadFailure.self) { try digits.bytes(0..<4) }
  }

  @Test("may be kept in a file")
  func expressionsMayBeInFiles() throws {
    let directory = try TemporaryDirectory()
    try Data("1 # one\n$two\n".utf8).write(to: URL(fileURLWithPath: directory("expression")))
    let disk = try build(["include=\(directory("expression"))", "two=2"])
    #expect(try disk.bytes(0..<2) == [1, 2])
  }

  @Test("of a stranger reads no files and runs no scripts")
  func hostAccessCanBeForbidden() throws {
    for words in [["</etc/passwd"], ["<(true)"], ["include=/etc/passwd"], ["$v", "v=</dev/null"]] {
      let error = #expect(throws: GeneratorError.self) {
        try DataDisk.build(
          try Parameters(words, for: DataDisk.manual),
          in: BuildEnvironment(
            variables: [:],
            descriptors: DescriptorCache(capacity: 1),
            allowsHostAccess: false
          )
        )
      }
      #expect(error?.lines.first?.contains("--no-exec") == true)
    }
  }

  @Test("that the manual shows makes what the manual says")
  func manualExamplesWork() throws {
    let page = DataDisk.manual.page()
    for (example, label) in [
      (ManualExamples.masterBootRecord, "dos"), (ManualExamples.guidPartitionTable, "gpt"),
    ] {
      for line in example.split(separator: "\n") { #expect(page.contains(line)) }
      let directory = try TemporaryDirectory()
      try writeSparse(try build([example]), to: directory("disk"))
      let table = try runTool("sfdisk", ["-J", directory("disk")])
      #expect(table.contains("\"label\": \"\(label)\""))
      try runTool("sfdisk", ["--verify", directory("disk")])
    }
    #expect(try build([ManualExamples.bootSector]).size == 512)
  }
}
