import Foundation
import TestSupport

/// Compares what a program prints with a file that is mostly holes, of which
/// only the data is read.
final class SparseComparison {
  private let file: RawPath
  private let size: Int
  private let data: [Range<Int>]
  private var offset = 0

  init(with file: RawPath) throws {
    self.file = file
    size = try file.facts().size
    data = try file.dataRanges()
  }

  private static let chunkSize = 1 << 20
  private let zeros = [UInt8](repeating: 0, count: chunkSize)

  /// Runs the program.
  ///
  /// - Returns: Where and how its output differs from the file, if it does.
  func run(_ name: String, _ arguments: [String], timeout: Double = 120) throws -> String? {
    let directory = try TemporaryDirectory()
    let pipe = directory("pipe")
    try RawPath(pipe).makeNode(0o010600)
    let descriptor = unsafe open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw ToolFailure("cannot open \(pipe)") }
    defer { close(descriptor) }
    let words = ["-c", "exec \"$@\" >\"$0\"", pipe, try Program(name).path]
    let program = try Program("/bin/sh").start(words + arguments)

    var buffer = [UInt8](repeating: 0xD1, count: Self.chunkSize)
    while try hasMore(descriptor, within: timeout) {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
      }
      if count == 0 { break }
      guard count > 0 else { throw ToolFailure("cannot read \(pipe)") }
      guard try isExpected(buffer[..<count]) else {
        return "other bytes in \(offset)..<\(offset + count)"
      }
      offset += count
    }
    let outcome = try program.outcome(within: timeout)
    if outcome.status != 0 { return "\(name): \(outcome)" }
    return offset == size ? nil : "\(offset) bytes instead of \(size)"
  }

  private func hasMore(_ descriptor: Int32, within seconds: Double) throws -> Bool {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&wait, 1, Int32(seconds * 1000)) == 1 else {
      throw ToolFailure("nothing more after \(offset) bytes")
    }
    return wait.revents & Int16(POLLIN) != 0
  }

  private func isExpected(_ bytes: ArraySlice<UInt8>) throws -> Bool {
    let range = offset..<offset + bytes.count
    guard range.upperBound <= size else { return false }
    if data.contains(where: { $0.overlaps(range) }) {
      return isEqual(bytes, try file.read(range)[...])
    }
    return isEqual(bytes, zeros[..<bytes.count])
  }
}

extension RawPath {
  /// Where the file has data, as its filesystem sees it.
  func dataRanges() throws -> [Range<Int>] {
    let descriptor = unsafe open(description, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ToolFailure("cannot open \(self)") }
    defer { close(descriptor) }
    var ranges: [Range<Int>] = []
    var end: off_t = 0
    // `SEEK_DATA` and `SEEK_HOLE`
    while case let start = lseek(descriptor, end, 3), start >= 0 {
      end = lseek(descriptor, start, 4)
      ranges.append(Int(start)..<Int(end))
    }
    return ranges
  }
}
