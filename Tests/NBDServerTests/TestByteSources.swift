import DiskModel
import Foundation
import Synchronization
import TestSupport

/// A pattern that can be read only after the test has opened it; until then,
/// readers wait.
final class GatedSource: ByteSource {
  private let condition = NSCondition()
  private let isOpen = Atomic(false)
  private let waitingCount = Atomic(0)
  private let pattern = PatternSource()

  /// Lets all readers go on, from now on for ever.
  func open() {
    condition.lock()
    isOpen.store(true, ordering: .relaxed)
    condition.broadcast()
    condition.unlock()
  }

  /// Whether so many readers wait at the same time, now or within 10 seconds.
  func isReached(by count: Int = 1) -> Bool {
    let deadline = Date(timeIntervalSinceNow: 10)
    condition.lock()
    defer { condition.unlock() }
    while waitingCount.load(ordering: .relaxed) < count {
      guard condition.wait(until: deadline) else { return false }
    }
    return true
  }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    condition.lock()
    waitingCount.add(1, ordering: .relaxed)
    condition.broadcast()
    while !isOpen.load(ordering: .relaxed) { condition.wait() }
    waitingCount.subtract(1, ordering: .relaxed)
    condition.unlock()
    try pattern.read(count, at: offset, into: &output)
  }

  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    false
  }
}

/// A pattern with a run of bytes that cannot be read; a slow one always waits.
final class BrokenSource: ByteSource {
  private let broken: Range<Int>
  private let isSlow: Bool
  private let pattern = PatternSource()

  init(_ broken: Range<Int>, isSlow: Bool) {
    self.broken = broken
    self.isSlow = isSlow
  }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    guard !broken.overlaps(offset..<offset + count) else {
      // Part of it is there already when it fails.
      output.append(zeros: count / 2)
      throw ReadFailure(subject: "broken source", offset: offset, cause: "the test wants it so")
    }
    try pattern.read(count, at: offset, into: &output)
  }

  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    if isSlow { return false }
    try read(count, at: offset, into: &output)
    return true
  }
}

/// Bytes in memory that are never there without waiting.
final class SlowBytes: ByteSource {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) {
    let bytes = bytes
    output.append(copying: bytes.span.extracting(offset..<offset + count))
  }

  func readWithoutWaiting(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan
  ) throws(ReadFailure) -> Bool {
    false
  }
}

extension Disk {
  /// A disk of bytes, in memory or in storage that is never there at once.
  static func of(_ bytes: [UInt8], isSlow: Bool) throws -> Disk {
    isSlow ? try .of(SlowBytes(bytes), size: bytes.count) : Disk(bytes)
  }

  /// A disk of `size` bytes from `source`.
  static func of(_ source: any ByteSource, size: Int) throws -> Disk {
    var disk = Disk()
    try disk.append(.source(source, offset: 0), count: size)
    return disk
  }
}
