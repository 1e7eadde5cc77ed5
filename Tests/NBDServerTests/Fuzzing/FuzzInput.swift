/// Bytes that somebody made up, read from front to back; zeros follow the last.
struct FuzzInput {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// Whether there is nothing more.
  var isAtEnd: Bool { rest.isEmpty }

  /// Number of bytes that there are.
  var count: Int { rest.count }

  /// Takes a byte.
  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// Takes a number, its highest byte first.
  mutating func number<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
    (0..<Value.bitWidth / 8).reduce(0) { value, _ in value << 8 | Value(byte()) }
  }

  /// Takes a byte that chooses between `count` things.
  mutating func choice(of count: Int) -> Int { Int(byte()) % count }

  /// Takes `count` bytes, or what there is of them.
  mutating func bytes(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// Takes `count` bytes, or nothing if there are fewer.
  mutating func exactly(_ count: Int) -> [UInt8]? { count <= rest.count ? bytes(count) : nil }
}

/// Something that the server did is not what had to be.
struct FuzzFinding: Error, CustomStringConvertible {
  var description: String
}

/// Throws a finding unless the claim holds.
func expect(_ claim: Bool, _ finding: @autoclosure () -> String) throws {
  guard claim else { throw FuzzFinding(description: finding()) }
}
