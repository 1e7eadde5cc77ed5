/// What is done to many files of a draft at once.
extension TreeDraft {
  /// The names in all directories: for each directory, the numbers of names.
  private var namesOfDirectories: [FileNumber: [UInt32]] {
    var found: [FileNumber: [UInt32]] = [:]
    for (number, name) in names.entries.enumerated() where name.file != DraftNames.removed {
      found[name.directory, default: []].append(UInt32(number))
    }
    return found
  }

  /// Everything below a directory, in any order; a file of several names is there as
  /// often.
  func files(below directory: FileNumber) -> [FileNumber] {
    guard self[directory].node.kind == .directory else { return [] }
    let children = namesOfDirectories
    var found: [FileNumber] = []
    var pending = [directory]
    while let next = pending.popLast() {
      for name in children[next] ?? [] {
        let file = names.file(name)
        found.append(file)
        if self[file].node.kind == .directory { pending.append(file) }
      }
    }
    return found
  }

  /// Gives everything an owner, takes permissions from everything, or both; symbolic
  /// links keep theirs.
  package mutating func setAll(owner: (user: UInt32, group: UInt32)?, mask: UInt16) {
    for file in [root] + files(below: root) {
      if let owner { (self[file].node.user, self[file].node.group) = owner }
      if self[file].node.kind != .symbolicLink { self[file].node.permissions &= ~mask }
    }
  }

  /// Removes what a filter excludes.
  package mutating func remove(_ filter: PathFilter) {
    guard !filter.isEmpty else { return }
    let children = namesOfDirectories
    var pending: [(directory: FileNumber, path: [UInt8])] = [(root, [])]
    while let (directory, path) = pending.popLast() {
      for number in children[directory] ?? [] {
        let file = names.file(number)
        let name = Array(names.text[names.entries[Int(number)].range])
        let isDirectory = self[file].node.kind == .directory
        if filter.excludes(name[...], in: path, isDirectory: isDirectory) {
          remove(name[...], from: directory)
        } else if isDirectory {
          pending.append((file, filter.path(of: name[...], in: path)))
        }
      }
    }
  }
}
