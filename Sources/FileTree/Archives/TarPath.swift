/// Names of files in archives.
enum TarPath {
  /// The most bytes of a path.
  static let limit = 1 << 16

  /// What is wrong with a name.
  struct Fault: Error {
    var problem: String
  }

  /// The components of a name, joined by slashes: `./a//b/` is `a/b`, and the
  /// archive's top is empty.
  static func normalized(_ name: some Collection<UInt8>) throws(Fault) -> [UInt8] {
    guard name.count <= limit else {
      throw Fault(problem: "has a path of \(name.count) bytes; at most \(limit) are possible")
    }
    var path: [UInt8] = []
    for component in name.split(separator: UInt8(ascii: "/")) {
      if component.elementsEqual(".".utf8) { continue }
      if component.elementsEqual("..".utf8) {
        throw Fault(problem: "has a path with .. in it, which may lead out of the tree")
      }
      guard component.count <= 255 else {
        throw Fault(problem: "has a name of more than 255 bytes")
      }
      guard !component.contains(0) else { throw Fault(problem: "has a zero byte in its name") }
      if !path.isEmpty { path.append(UInt8(ascii: "/")) }
      path.append(contentsOf: component)
    }
    return path
  }
}
