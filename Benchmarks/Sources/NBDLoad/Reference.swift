import Glibc

/// The bytes that a disk should have, read from a file.
///
/// It is not mapped: a program's peak of memory starts with that of the program that
/// started it, and the benchmark starts those that it measures.
@safe final class Reference {
  private let file: Int32
  private let size: Int
  private let diskOffset: Int
  private let expected: UnsafeMutableRawPointer
  private static let room = 256 << 10

  /// Opens a file whose first byte belongs at `diskOffset`.
  init(path: String, diskOffset: Int) throws {
    file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw LoadFailure.system("open \(path)", errno) }
    size = Int(lseek(file, 0, SEEK_END))
    self.diskOffset = diskOffset
    unsafe expected = .allocate(byteCount: Self.room, alignment: 64)
  }

  deinit {
    unsafe expected.deallocate()
    close(file)
  }

  /// Compares what was read from `offset`; beyond the file's end the disk is zeros.
  ///
  /// - Throws: ``LoadFailure/wrongBytes(offset:)``
  func check(_ read: UnsafeRawBufferPointer, at offset: Int) throws {
    var position = 0
    while position < read.count {
      let count = min(read.count - position, Self.room)
      try load(count, at: offset + position - diskOffset)
      guard
        let start = unsafe read.baseAddress?.advanced(by: position),
        unsafe memcmp(start, expected, count) == 0
      else { throw LoadFailure.wrongBytes(offset: offset + position) }
      position += count
    }
  }

  /// Says that `range` reads as zeros.
  ///
  /// - Throws: ``LoadFailure/wrongBytes(offset:)``
  func checkZeros(_ range: Range<Int>) throws {
    var position = range.lowerBound
    while position < range.upperBound {
      let count = min(range.upperBound - position, Self.room)
      try load(count, at: position - diskOffset)
      let bytes = unsafe UnsafeRawBufferPointer(start: expected, count: count)
      guard unsafe bytes.allSatisfy({ $0 == 0 }) else {
        throw LoadFailure.wrongBytes(offset: position)
      }
      position += count
    }
  }

  /// Puts the file's bytes, or zeros beyond its end, where they can be compared.
  private func load(_ count: Int, at offset: Int) throws {
    guard offset >= 0 else { throw LoadFailure.wrongBytes(offset: offset + diskOffset) }
    var loaded = 0
    while loaded < min(count, max(0, size - offset)) {
      let more = unsafe pread(
        file,
        expected.advanced(by: loaded),
        count - loaded,
        offset + loaded
      )
      guard more > 0 else { throw LoadFailure.system("read the reference", errno) }
      loaded += more
    }
    unsafe _ = memset(expected.advanced(by: loaded), 0, count - loaded)
  }
}
