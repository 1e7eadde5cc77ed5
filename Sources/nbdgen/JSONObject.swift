/// An object of JSON (RFC 8259) that grows by one member after the other.
struct JSONObject: Sendable {
  private var members = ""

  /// The object on one line.
  var text: String { "{\(members)}" }

  /// Adds a member, unless there is no value.
  mutating func add(_ name: String, _ value: Int?) {
    if let value { add(name, raw: "\(value)") }
  }

  /// Adds a member, unless there is no value.
  mutating func add(_ name: String, _ value: String?) {
    if let value { add(name, raw: Self.quoted(value)) }
  }

  mutating func add(_ name: String, _ value: Bool) { add(name, raw: "\(value)") }

  mutating func add(_ name: String, _ value: [JSONObject]) { add(name, raw: Self.list(value)) }

  private mutating func add(_ name: String, raw value: String) {
    if !members.isEmpty { members += "," }
    members += Self.quoted(name)
    members += ":"
    members += value
  }

  /// An array of objects, on one line.
  static func list(_ objects: [JSONObject]) -> String {
    "[\(objects.map(\.text).joined(separator: ","))]"
  }

  /// A string with its quotes; control characters are written as escapes.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
