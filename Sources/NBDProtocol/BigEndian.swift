/// Reads big-endian numbers and runs of bytes, one after the other; `nil` when
/// there are not enough bytes.
struct ByteReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// Number of bytes that were not read yet.
  var remaining: Int { rest.count }

  /// Reads `count` bytes.
  mutating func read(_ count: Int) -> [UInt8]? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// Reads a number.
  mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    read(Value.bitWidth / 8)?.reduce(0) { $0 << 8 | Value($1) }
  }
}

extension [UInt8] {
  /// Appends a number in big-endian order.
  mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
    for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

extension OutputRawSpan {
  /// Appends a number in big-endian order.
  mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(bigEndian value: Value) {
    unsafe append(value.bigEndian, as: Value.self)
  }
}

extension RawSpan {
  /// The big-endian number at `offset`.
  ///
  /// - Precondition: The span reaches that far.
  func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int,
    as type: Value.Type
  ) -> Value {
    Value(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }
}
