/// A field of a message, as the specification's tables write it down.
enum Field {
  case u16(UInt16)
  case u32(UInt32)
  case u64(UInt64)
  case text(String)
  case bytes([UInt8])

  /// The field's bytes, the highest of a number first.
  var encoded: [UInt8] {
    switch self {
    case .u16(let value): [UInt8(value >> 8), UInt8(value & 0xFF)]
    case .u32(let value): Self.bytes(of: UInt64(value), count: 4)
    case .u64(let value): Self.bytes(of: value, count: 8)
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    }
  }

  private static func bytes(of value: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(value >> (8 * (count - 1 - $0)) & 0xFF) }
  }
}

/// The bytes of a message, without any help of the code under test.
func wire(_ fields: Field...) -> [UInt8] { fields.flatMap(\.encoded) }

/// The data of `INFO` and `GO`.
func exportRequest(_ name: String, _ information: [UInt16] = []) -> [UInt8] {
  wire(.u32(UInt32(name.utf8.count)), .text(name), .u16(UInt16(information.count)))
    + information.flatMap { wire(.u16($0)) }
}

/// The data of `LIST_META_CONTEXT` and `SET_META_CONTEXT`.
func contextRequest(_ name: String, _ queries: [String] = []) -> [UInt8] {
  wire(.u32(UInt32(name.utf8.count)), .text(name), .u32(UInt32(queries.count)))
    + queries.flatMap { wire(.u32(UInt32($0.utf8.count)), .text($0)) }
}

/// An option reply as a client sees it.
struct SeenReply: Equatable {
  var option: UInt32
  var type: UInt32
  var data: [UInt8] = []

  /// The number of an error that the reply is; `nil` for another reply.
  var error: UInt32? { type >> 31 == 1 ? type & 0x7FFF_FFFF : nil }

  /// Takes replies apart; `nil` if they are not well formed.
  static func parse(_ bytes: [UInt8]) -> [SeenReply]? {
    func number(at start: Int, _ count: Int) -> UInt64 {
      bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
    var replies: [SeenReply] = []
    var start = 0
    while start < bytes.count {
      guard bytes.count - start >= 20, number(at: start, 8) == 0x0003_E889_0455_65A9 else {
        return nil
      }
      let end = start + 20 + Int(number(at: start + 16, 4))
      guard end <= bytes.count else { return nil }
      replies.append(
        SeenReply(
          option: UInt32(number(at: start + 8, 4)),
          type: UInt32(number(at: start + 12, 4)),
          data: Array(bytes[start + 20..<end])
        )
      )
      start = end
    }
    return replies
  }
}
