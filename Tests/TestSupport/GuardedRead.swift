package import DiskModel
import Foundation

/// What a read did to the memory that it was given.
enum GuardedRead: Equatable {
  /// It appended exactly the bytes that it should.
  case bytes([UInt8])
  /// It said that it would have to wait.
  case wouldWait
  /// It broke a rule.
  case violation(String)

  /// Bytes before and behind the room for the read, which it may not touch.
  private static var guardSize: Int { 16 }

  /// Lets `body` append `count` bytes in the middle of a larger buffer that is
  /// full of `fill`.
  static func run(
    _ count: Int,
    fill: UInt8,
    _ body: (inout OutputRawSpan) throws(ReadFailure) -> Bool
  ) -> GuardedRead {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: guardSize + count + guardSize,
      alignment: 16
    )
    defer { unsafe buffer.deallocate() }
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: fill)
    var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: guardSize)
    do throws(ReadFailure) {
      let isRead = try body(&output)
      let appended = output.byteCount - guardSize
      let isIntact = (0..<guardSize).allSatisfy { index in
        unsafe buffer[index] == fill && buffer[guardSize + count + index] == fill
      }
      guard isIntact else { return .violation("it wrote outside of its room") }
      guard isRead else { return .wouldWait }
      guard appended == count else {
        return .violation("it appended \(appended) bytes instead of \(count)")
      }
    } catch {
      return .violation("it failed: \(error)")
    }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initializedCount in
      let source = unsafe UnsafeRawBufferPointer(rebasing: buffer[guardSize..<guardSize + count])
      unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
      initializedCount = count
    }
    return .bytes(bytes)
  }
}

/// Whether `range` of the disk is read without waiting.
package func isReadWithoutWaiting(
  _ range: Range<Int>,
  of disk: Disk
) throws(ConformanceViolation) -> Bool {
  let result = GuardedRead.run(range.count, fill: 0xD1) { (output) throws(ReadFailure) in
    try disk.readWithoutWaiting(range, into: &output)
  }
  switch result {
  case .bytes: return true
  case .wouldWait: return false
  case .violation(let problem):
    throw ConformanceViolation(problem: problem, range: range, seed: 0)
  }
}

/// The first index at which `bytes` and the part of `whole` that starts at
/// `start` differ.
func firstDifference(of bytes: [UInt8], from whole: [UInt8], at start: Int) -> Int? {
  unsafe bytes.withUnsafeBytes { left in
    unsafe whole.withUnsafeBytes { whole in
      let right = unsafe UnsafeRawBufferPointer(rebasing: whole[start..<start + left.count])
      guard let first = left.baseAddress, let second = right.baseAddress else { return nil }
      if unsafe memcmp(first, second, left.count) == 0 { return nil }
      return left.indices.first { unsafe left[$0] != right[$0] }
    }
  }
}
