/// A value of JSON (RFC 8259).
///
/// Numbers are whole or nothing: descriptors of images have no others.
package enum JSONValue: Equatable {
  case null
  case bool(Bool)
  case number(Int?)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Why a text is not JSON, and at which of its bytes.
  package struct Failure: Error, Equatable {
    package var problem: String
    package var offset: Int
  }

  /// The value of a member of an object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[name]
  }

  package var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  package var number: Int? {
    guard case .number(let value) = self else { return nil }
    return value
  }

  package var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  /// The value of a text.
  package init(_ text: [UInt8]) throws(Failure) {
    var parser = JSONParser(text)
    self = try parser.parse()
  }
}

/// Takes a text of JSON apart.
private struct JSONParser {
  private let text: [UInt8]
  private var position = 0

  /// How deep values may be nested.
  private static let depthLimit = 100

  init(_ text: [UInt8]) { self.text = text }

  mutating func parse() throws(JSONValue.Failure) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == text.count else { throw failure("nothing may follow the value") }
    return value
  }

  private func failure(_ problem: String) -> JSONValue.Failure {
    JSONValue.Failure(problem: problem, offset: position)
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  /// Goes behind a character, if it is the next one.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONValue.Failure) -> JSONValue {
    guard depth < Self.depthLimit else { throw failure("values are nested too deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(
    _ word: String,
    _ value: JSONValue
  ) throws(JSONValue.Failure) -> JSONValue {
    guard text[position...].starts(with: word.utf8) else { throw failure("not a value") }
    position += word.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONValue.Failure) -> JSONValue {
    var members: [String: JSONValue] = [:]
    position += 1
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member's name is missing") }
      let name = try string()
      guard take(":") else { throw failure("a : is missing") }
      members[name] = try value(depth: depth + 1)
    } while take(",")
    guard take("}") else { throw failure("a } is missing") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONValue.Failure) -> JSONValue {
    var values: [JSONValue] = []
    position += 1
    if take("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw failure("a ] is missing") }
    return .array(values)
  }

  private mutating func number() throws(JSONValue.Failure) -> JSONValue {
    let digits = text[position...].prefix { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    guard let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite else {
      throw failure("not a value")
    }
    position += digits.count
    return .number(Int(String(decoding: digits, as: UTF8.self)))
  }

  private mutating func string() throws(JSONValue.Failure) -> String {
    position += 1
    var bytes: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"): try appendEscape(to: &bytes)
      case 0..<0x20: throw failure("a control character in a string")
      default: bytes.append(byte)
      }
    }
    throw failure("a string does not end")
  }

  private mutating func appendEscape(to bytes: inout [UInt8]) throws(JSONValue.Failure) {
    guard let byte = next else { throw failure("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
    case UInt8(ascii: "b"): bytes.append(8)
    case UInt8(ascii: "f"): bytes.append(12)
    case UInt8(ascii: "n"): bytes.append(10)
    case UInt8(ascii: "r"): bytes.append(13)
    case UInt8(ascii: "t"): bytes.append(9)
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if UTF16.isLeadSurrogate(units[0]), text[position...].starts(with: "\\u".utf8) {
        position += 2
        units.append(try codeUnit())
      }
      bytes += Array(String(decoding: units, as: UTF16.self).utf8)
    default: throw failure("no such escape in a string")
    }
  }

  private mutating func codeUnit() throws(JSONValue.Failure) -> UInt16 {
    let digits = text[position...].prefix(4)
    guard digits.count == 4, digits.first != UInt8(ascii: "+"),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits are missing") }
    position += 4
    return unit
  }
}
