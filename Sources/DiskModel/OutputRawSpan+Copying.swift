extension OutputRawSpan {
  /// Appends `count` zero bytes.
  ///
  /// - Precondition: `count` is not negative, and there is room.
  public mutating func append(zeros count: Int) {
    unsafe append(repeating: 0, count: count, as: UInt8.self)
  }

  /// Appends a copy of `bytes`.
  ///
  /// - Precondition: There is room.
  public mutating func append(copying bytes: Span<UInt8>) {
    precondition(bytes.count <= freeCapacity, "the output has room")
    unsafe withUnsafeMutableBytes { buffer, initializedCount in
      unsafe bytes.withUnsafeBytes { source in
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
        unsafe target.copyMemory(from: source)
      }
      initializedCount += bytes.count
    }
  }

  /// Appends an integer in little-endian order.
  ///
  /// - Precondition: There is room.
  @inlinable
  public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(
    littleEndian value: Value
  ) {
    unsafe append(value.littleEndian, as: Value.self)
  }

  /// Appends `count` bytes that go on with the period of the last `period`
  /// ones, copying runs of doubling length.
  ///
  /// - Precondition: `period` bytes were appended before, and there is room.
  mutating func repeatLast(_ period: Int, for count: Int) {
    guard count > 0 else { return }
    precondition(0 < period && period <= byteCount && count <= freeCapacity, "the period is there")
    unsafe withUnsafeMutableBytes { buffer, initializedCount in
      let start = initializedCount - period
      var written = period
      let wanted = period + count
      while written < wanted {
        let run = min(written, wanted - written)
        let source = unsafe UnsafeRawBufferPointer(rebasing: buffer[start..<start + run])
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[(start + written)...])
        unsafe target.copyMemory(from: source)
        written += run
      }
      initializedCount += count
    }
  }
}
