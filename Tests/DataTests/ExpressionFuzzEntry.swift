import DiskModel

@testable import DataGenerator

/// Evaluates an expression of a stranger, and looks at the disk as a client
/// would: what the fuzzer does with every input, and the replay with each
/// that once was a finding.
///
/// Nothing that the bytes say may crash, hang or take much memory. Files and
/// scripts are forbidden; there are a few variables, one of which is not an
/// expression, and one that refers to itself.
///
/// - Returns: The disk, if the bytes are an expression.
@discardableResult
func checkStrangersExpression(_ text: [UInt8]) -> Disk? {
  let variables = ["a": "1 2 @+3", "n": "0x10", "m": "$n", "loop": "$loop", "bad": "(1"]
  let input = HostInput(refusal: "no access", descriptors: DescriptorCache(capacity: 1))
  let disk: Disk
  do throws(ExpressionError) {
    let list = try Parser.parse(Source(text, name: "data=")) { name in
      variables[name].map { Array($0.utf8) }
    }
    disk = try Evaluator.evaluate(Simplifier.simplify(list), input: input)
  } catch {
    let lines = error.lines
    precondition(lines.count >= 3, "an error has a problem, a line and a caret")
    return nil
  }
  let size = disk.size
  // Some place that depends on the input only.
  let hash = text.reduce(UInt(5381)) { $0 &* 33 &+ UInt($1) }
  let middle = size == 0 ? 0 : Int(hash % UInt(size))
  for start in [0, max(0, size - 4096), middle] {
    let end = size - start > 4096 ? start + 4096 : size
    guard let bytes = try? disk.bytes(start..<end) else {
      preconditionFailure("a disk without files can be read")
    }
    checkExtents(of: disk, in: start..<size, reference: bytes)
  }
  return disk
}

/// Extents adjoin, and what is no data reads as zeros.
private func checkExtents(of disk: Disk, in range: Range<Int>, reference: [UInt8]) {
  var position = range.lowerBound
  disk.forEachExtent(in: range, limit: 1000) { extent in
    precondition(extent.range.lowerBound == position, "extents adjoin")
    precondition(!extent.range.isEmpty, "extents are not empty")
    precondition(extent.range.upperBound <= range.upperBound, "extents end with the range")
    position = extent.range.upperBound
    let low = extent.range.lowerBound - range.lowerBound
    if extent.kind != .data && low < reference.count {
      let high = min(extent.range.upperBound - range.lowerBound, reference.count)
      precondition(reference[low..<high].allSatisfy { $0 == 0 }, "holes read as zeros")
    }
    return true
  }
  precondition(range.isEmpty || position > range.lowerBound, "an extent is visited")
}
