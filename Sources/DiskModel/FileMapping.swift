import CHost

/// A host file in the process's own memory, as far as the host has it in its.
///
/// Copying from there takes no system call; what is not there, or may not be, has to be
/// read. A file that is cut off while it is copied is noticed.
@safe struct FileMapping: @unchecked Sendable {
  private let mapping: OpaquePointer

  /// Files smaller than this are not worth it, in bytes: mapping one costs as much as
  /// several reads.
  private static let leastSize = 1 << 20

  /// Maps an open file of `size` bytes; `nil` if that is not possible, or not worth it.
  init?(of descriptor: CInt, size: Int) {
    guard size >= Self.leastSize, let mapping = unsafe host_map(descriptor, UInt64(size)) else {
      return nil
    }
    unsafe self.mapping = mapping
  }

  /// Ends the mapping, which nobody uses any more.
  func end() { unsafe host_unmap(mapping) }

  /// Appends bytes of the file if they are there; `false` leaves the output as it was.
  func copy(_ count: Int, at offset: Int, into output: inout OutputRawSpan) -> Bool {
    guard let source = unsafe host_mapped(mapping, UInt64(offset), count) else { return false }
    var isCopied = false
    unsafe output.withUnsafeMutableBytes { buffer, initializedCount in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
      precondition(count <= target.count, "the output has room")
      isCopied = unsafe host_copy_mapped(target.baseAddress, source, count) == 1
      if isCopied { initializedCount += count }
    }
    return isCopied
  }

  /// Where bytes of the file are, if they are there, for as long as the mapping lasts.
  func place(of count: Int, at offset: Int) -> BorrowedBytes? {
    guard let start = unsafe host_mapped(mapping, UInt64(offset), count) else { return nil }
    return unsafe BorrowedBytes(start: start, count: count)
  }

  /// Looks, now and then, whether the host has taken away what was mapped.
  static func lookForFaults() { host_check_faults() }

  /// Takes note of bytes that the host just had in its memory.
  func noteCached(_ count: Int, at offset: Int) {
    unsafe host_note_cached(mapping, UInt64(offset), count)
  }
}

/// Bytes of a host file that somebody else keeps where they are, and that may go away
/// all the same: only a system call, or ``copy(_:into:)``, may look at them.
@safe public struct BorrowedBytes: @unchecked Sendable {
  /// Where they start.
  public private(set) var start: UnsafeRawPointer

  /// How many there are.
  public private(set) var count: Int

  /// Creates a reference to bytes of a mapping.
  init(start: UnsafeRawPointer, count: Int) {
    unsafe self.start = start
    self.count = count
  }

  /// Leaves out the first `count` bytes.
  ///
  /// - Precondition: There are as many.
  public mutating func removeFirst(_ count: Int) {
    precondition(count <= self.count, "there are as many bytes")
    unsafe start += count
    self.count -= count
  }

  /// Appends the first `count` bytes, or as many zeros if they are not there any more.
  ///
  /// - Precondition: There are as many.
  /// - Returns: Whether they were there.
  public func copy(_ count: Int, into output: inout OutputRawSpan) -> Bool {
    precondition(count <= self.count, "there are as many bytes")
    let isCopied = unsafe output.withUnsafeMutableBytes { buffer, initializedCount in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
      precondition(count <= target.count, "the output has room")
      guard unsafe host_copy_mapped(target.baseAddress, start, count) == 1 else { return false }
      initializedCount += count
      return true
    }
    if !isCopied { output.append(zeros: count) }
    return isCopied
  }
}
