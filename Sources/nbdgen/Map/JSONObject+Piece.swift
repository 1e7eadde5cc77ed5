import GeneratorKit

extension JSONObject {
  /// Adds where bytes are, and what they belong to.
  mutating func add(_ piece: MapPiece) {
    add("offset", piece.range.lowerBound)
    add("size", piece.range.count)
    add(piece.owner)
  }

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

  /// Adds a path; one that is not UTF-8 also in hexadecimal digits, which tell it from
  /// others.
  private mutating func add(path: [UInt8]?) {
    guard let path else { return }
    add("path", String(decoding: path, as: UTF8.self))
    guard String(validating: path, as: UTF8.self) == nil else { return }
    add("path_hex", path.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
  }
}
