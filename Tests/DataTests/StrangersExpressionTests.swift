import DataGenerator
import DiskModel
import TestSupport
import Testing

@Suite("An expression of a stranger")
struct StrangersExpressionTests {
  @Test("is a disk", arguments: ["0x55*512", "(1 2 @+1000)*1P[:1G]", "1 -> \\a \\a\\a"])
  func disks(text: String) throws {
    let disk = try StrangersExpression.disk(Array(text.utf8))
    let own = try build([text])
    #expect(disk.size == own.size)
    #expect(try disk.bytes(0..<min(disk.size, 5000)) == own.bytes(0..<min(disk.size, 5000)))
  }

  @Test(
    "has limits that say where",
    arguments: [
      (String(repeating: "(", count: 4096), "nested more than 50 deep", 50),
      ("1" + String(repeating: "*9", count: 2047), "nested more than 50 deep", 101),
      (
        "(" + String(repeating: "1@+1 ", count: 31) + ")->\\a "
          + String(repeating: "\\a ", count: 1300), "too long-winded", 402
      ),
    ]
  )
  func limits(text: String, problem: String, offset: Int) throws {
    let error = #expect(throws: StrangersExpression.Failure.self) {
      try StrangersExpression.disk(Array(text.utf8))
    }
    #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.offset == offset)
  }

  @Test("makes disks of few segments that are not deep")
  func segmentsAreBounded() throws {
    // Each level would be one more to look through for every byte.
    let chain = "(1 2 3)->\\a " + String(repeating: "(\\a*2)[1:4]->\\a ", count: 35)
    let deep = try StrangersExpression.disk(Array((chain + "\\a").utf8))
    #expect(deep.nestingDepth == 0 && deep.size == 3)
    let sparse = String(repeating: "1@+1 ", count: 819)
    let disk = try StrangersExpression.disk(Array(sparse.utf8))
    #expect(disk.segmentCount <= 5000)
  }
}
