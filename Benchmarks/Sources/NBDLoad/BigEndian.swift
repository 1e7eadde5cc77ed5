/// Numbers as NBD writes them: the most significant byte first.
extension [UInt8] {
  mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
    for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
    self[offset..<offset + Number.bitWidth / 8].reduce(0) { $0 << 8 | Number($1) }
  }
}

extension UnsafeRawBufferPointer {
  func bigEndian<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
    Number(bigEndian: unsafe loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension UnsafeMutableRawBufferPointer {
  func store<Number: FixedWidthInteger>(bigEndian number: Number, at offset: Int) {
    unsafe storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
  }

  /// Moves the bytes of `range` to the start.
  func moveToStart(_ range: Range<Int>) {
    guard !range.isEmpty && range.lowerBound > 0 else { return }
    unsafe copyMemory(from: UnsafeRawBufferPointer(rebasing: self[range]))
  }
}
