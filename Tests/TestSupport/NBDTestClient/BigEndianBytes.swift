extension [UInt8] {
  package mutating func append(u16 value: UInt16) { append(bigEndian: value) }

  package mutating func append(u32 value: UInt32) { append(bigEndian: value) }

  package mutating func append(u64 value: UInt64) { append(bigEndian: value) }

  package func u16(at index: Int) throws -> UInt16 { try bigEndian(at: index) }

  package func u32(at index: Int) throws -> UInt32 { try bigEndian(at: index) }

  package func u64(at index: Int) throws -> UInt64 { try bigEndian(at: index) }

  private mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
    for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  private func bigEndian<Value: FixedWidthInteger>(at index: Int) throws -> Value {
    let size = Value.bitWidth / 8
    guard index >= 0, index <= count - size else {
      throw ProtocolViolation("message of \(count) bytes has no \(size)-byte number at \(index)")
    }
    return self[index..<index + size].reduce(0) { $0 << 8 | Value($1) }
  }
}
