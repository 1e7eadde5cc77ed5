import Glibc

/// The bytes that a disk should have, mapped from a file.
@safe struct Reference: ~Copyable {
  private let bytes: UnsafeRawBufferPointer

  init(path: String) throws {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw LoadFailure.system("open \(path)", errno) }
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    guard size > 0, let start = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, file, 0),
      unsafe start != MAP_FAILED
    else { throw LoadFailure.system("map \(path)", errno) }
    unsafe bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  deinit {
    unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
  }

  /// Compares what was read from `offset`; beyond the file's end the disk is zeros.
  func check(_ read: UnsafeRawBufferPointer, at offset: Int) throws {
    let known = unsafe max(0, min(read.count, bytes.count - offset))
    guard unsafe isEqual(read, known, offset), unsafe read[known...].allSatisfy({ $0 == 0 }) else {
      throw LoadFailure.wrongBytes(offset: offset)
    }
  }

  private func isEqual(_ read: UnsafeRawBufferPointer, _ count: Int, _ offset: Int) -> Bool {
    guard count > 0 else { return true }
    return unsafe memcmp(read.baseAddress!, bytes.baseAddress! + offset, count) == 0
  }

  /// Says that `range` reads as zeros.
  func checkZeros(_ range: Range<Int>) throws {
    let known = unsafe range.clamped(to: 0..<bytes.count)
    guard unsafe bytes[known].allSatisfy({ $0 == 0 }) else {
      throw LoadFailure.wrongBytes(offset: range.lowerBound)
    }
  }
}
