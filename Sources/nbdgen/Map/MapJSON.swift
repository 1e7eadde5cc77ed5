import GeneratorKit

/// An object of JSON that grows by one member after the other.
struct JSONObject {
  private var members = ""

  /// Adds a member, unless there is no value.
  mutating func add(_ name: String, _ value: Int?) {
    if let value { add(name, raw: "\(value)") }
  }

  mutating func add(_ name: String, _ value: String?) {
    if let value { add(name, raw: JSONText.quoted(value)) }
  }

  mutating func add(_ name: String, _ value: Bool) { add(name, raw: "\(value)") }

  /// Adds a path; one that is not UTF-8 also in hexadecimal digits, which tell it from
  /// others.
  mutating func add(path: [UInt8]?) {
    guard let path else { return }
    add("path", String(decoding: path, as: UTF8.self))
    guard String(validating: path, as: UTF8.self) == nil else { return }
    add("path_hex", path.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
  }

  private mutating func add(_ name: String, raw value: String) {
    members += (members.isEmpty ? "" : ",") + "\(JSONText.quoted(name)):\(value)"
  }

  /// The object on one line.
  var text: String { "{\(members)}" }

  /// Adds what bytes belong to.
  mutating func add(_ owner: Owner) {
    add("kind", owner.kind.rawValue)
    add("role", owner.role.map { $0.name } ?? "mixed")
    add("group", owner.group)
    add("inode", owner.inode)
    add(path: owner.path)
    add("file_offset", owner.offset)
    add("file_size", owner.size)
    add("note", owner.note)
    add("source", owner.source)
  }

  /// Adds where bytes are, and what they belong to.
  mutating func add(_ piece: MapPiece) {
    add("offset", piece.range.lowerBound)
    add("size", piece.range.count)
    add(piece.owner)
  }
}
