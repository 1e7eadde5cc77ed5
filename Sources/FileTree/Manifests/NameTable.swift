import DiskModel

/// The users or the groups that a tree knows by name, from its own etc/passwd or
/// etc/group.
struct NameTable {
  /// The file, a path from the root.
  private let file: [UInt8]
  /// What it lists, for messages.
  private let what: String
  /// The numbers by name, once they were read.
  private var numbers: [ArraySlice<UInt8>: UInt32]?

  /// Most bytes of the file that are read.
  private static let sizeLimit = 16 << 20

  init(file: String, what: String) {
    self.file = Array(file.utf8)
    self.what = what
  }

  /// Reads the file again if what happened at `path` may have changed it.
  mutating func forget(ifBelow path: [UInt8]) {
    if file.starts(with: path) { numbers = nil }
  }

  /// The number of a user or group.
  mutating func find(
    _ owner: Placed<ManifestEntry.Owner>,
    in draft: TreeDraft
  ) throws(ManifestError) -> UInt32 {
    switch owner.value {
    case .number(let number): return number
    case .name(let name):
      if numbers == nil { numbers = try read(draft, for: owner.place) }
      if let number = numbers?[name[...]] { return number }
      let file = String(decoding: file, as: UTF8.self)
      throw ManifestError(
        "the tree's own /\(file) has no \(what) \(HostPath.printable(name.prefix(60)))",
        at: owner.place
      )
    }
  }

  private func read(
    _ draft: TreeDraft,
    for place: ManifestPlace
  ) throws(ManifestError) -> [ArraySlice<UInt8>: UInt32] {
    let name = "/" + String(decoding: file, as: UTF8.self)
    guard let number = draft.find(file.split(separator: UInt8(ascii: "/"))) else {
      throw ManifestError("the tree has no \(name) to find a \(what) in; use numbers", at: place)
    }
    let node = draft[number].node
    guard node.kind == .regular, node.size <= Self.sizeLimit,
      let content = draft.content(of: number)
    else {
      throw ManifestError("\(name) is no regular file of at most 16 MiB; use numbers", at: place)
    }
    var disk = Disk()
    let bytes: [UInt8]
    do {
      try disk.append(.source(content.source, offset: content.offset), count: node.size)
      bytes = try disk.bytes(0..<node.size)
    } catch {
      throw ManifestError("\(error)", at: place)
    }
    var numbers: [ArraySlice<UInt8>: UInt32] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      // Name, password, number; the first of several counts.
      guard fields.count >= 3, let number = Number.parse(fields[2]),
        number <= ManifestEntry.ownerLimit, numbers[fields[0]] == nil
      else { continue }
      numbers[fields[0]] = UInt32(number)
    }
    return numbers
  }
}
