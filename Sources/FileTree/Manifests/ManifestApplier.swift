import DiskModel
import SystemPackage

/// Does to a tree what the entries of one manifest say.
struct ManifestApplier {
  /// The manifest's folder with a slash behind; empty for the working directory.
  let folder: String
  let defaults: NewFileDefaults
  let descriptors: DescriptorCache
  var users = NameTable(file: "etc/passwd", what: "user")
  var groups = NameTable(file: "etc/group", what: "group")

  init(folder: String, _ defaults: NewFileDefaults, _ descriptors: DescriptorCache) {
    self.folder = folder
    self.defaults = defaults
    self.descriptors = descriptors
  }

  /// Where an entry's path leads.
  private struct Location {
    /// The names down to the file.
    var names: [ArraySlice<UInt8>]
    /// The last directory of the path that there is, and its depth.
    var directory: TreeDraft.FileNumber
    var depth: Int
    /// The file, if there is one.
    var file: TreeDraft.FileNumber?
  }

  /// Does what an entry says.
  ///
  /// - Throws: What is wrong; the tree may have changed in part.
  mutating func apply(
    _ entry: ManifestEntry,
    to draft: inout TreeDraft
  ) throws(ManifestError) {
    let location = try locate(entry, in: draft)
    guard let file = location.file else {
      switch (entry.absence, entry.action) {
      case (.skips, _): return
      case (.makes, .set): return try make(entry, at: location, in: &draft)
      default: throw ManifestError("is not in the tree", at: entry.place)
      }
    }
    switch entry.action {
    case .expect: break
    case .remove: try remove(entry, at: location, from: &draft)
    case .set:
      if let kind = entry.kind, kind.value != draft[file].node.kind {
        return try replace(file, kind, entry, at: location, in: &draft)
      }
      draft[file] = try changed(draft[file], entry, in: &draft)
      forgetNames(entry.path)
    case .setBelow:
      let owner = try owner(entry, in: draft)
      for below in [file] + draft.files(below: file) {
        if let user = owner.user { draft[below].node.user = user }
        if let group = owner.group { draft[below].node.group = group }
        guard draft[below].node.kind != .symbolicLink else { continue }
        if let permissions = entry.permissions { draft[below].node.permissions = permissions }
      }
    }
  }

  private func locate(
    _ entry: ManifestEntry,
    in draft: TreeDraft
  ) throws(ManifestError) -> Location {
    let names = entry.path.split(separator: UInt8(ascii: "/"))
    var location = Location(names: names, directory: draft.root, depth: 0, file: draft.root)
    for (depth, name) in names.enumerated() {
      guard let current = location.file else { break }
      let kind = draft[current].node.kind
      guard kind == .directory else {
        let path = "/" + HostPath.printable(Array(names[..<depth].joined(separator: [0x2F])))
        let what = kind == .symbolicLink ? "a symbolic link, and not followed" : "no directory"
        throw ManifestError("\(path) is \(what)", at: entry.place)
      }
      location.directory = current
      location.depth = depth
      location.file = draft.child(name, of: current)
    }
    return location
  }

  private mutating func remove(
    _ entry: ManifestEntry,
    at location: Location,
    from draft: inout TreeDraft
  ) throws(ManifestError) {
    guard let name = location.names.last else {
      throw ManifestError("the root cannot be absent", at: entry.place)
    }
    draft.remove(name, from: location.directory)
    forgetNames(entry.path)
  }

  private mutating func replace(
    _ file: TreeDraft.FileNumber,
    _ kind: Placed<Node.Kind>,
    _ entry: ManifestEntry,
    at location: Location,
    in draft: inout TreeDraft
  ) throws(ManifestError) {
    let old = MtreeValue.name(of: draft[file].node.kind)
    let new = MtreeValue.name(of: kind.value)
    guard draft[file].node.kind != .directory, entry.absence == .makes else {
      throw ManifestError("is of type \(old) in the tree, not \(new)", at: kind.place)
    }
    if kind.value == .regular && entry.contents == nil {
      throw ManifestError(
        "is of type \(old) in the tree; contents= says what is in a file instead",
        at: kind.place
      )
    }
    try make(entry, at: location, in: &draft)
  }

  /// Makes a file, in place of one that is no directory, and the directories above it.
  private mutating func make(
    _ entry: ManifestEntry,
    at location: Location,
    in draft: inout TreeDraft
  ) throws(ManifestError) {
    guard let kind = entry.kind?.value, let name = location.names.last else {
      throw ManifestError("is not in the tree, and no type= says what to make", at: entry.place)
    }
    let missing: String? =
      switch kind {
      case .regular where entry.contents == nil && entry.size?.value != 0:
        "contents= to make a file of; size=0 makes an empty one"
      case .symbolicLink where entry.target == nil: "link= to make a link"
      case .characterDevice where entry.device == nil, .blockDevice where entry.device == nil:
        "device= to make a device"
      default: nil
      }
    if let missing {
      throw ManifestError("is not in the tree, and there is no \(missing)", at: entry.place)
    }
    var node = newNode(kind, below: draft[location.directory].node)
    if kind == .regular { node.content = .dense }
    let reference = kind == .regular ? draft.reference(to: MadeContent()) : nil
    let file = try changed(TreeDraft.File(node, reference), entry, in: &draft)
    var directory = location.directory
    for name in location.names[location.depth..<location.names.count - 1] {
      let parent = newNode(.directory, below: draft[directory].node)
      directory = draft.insert(TreeDraft.File(parent), named: name, in: directory)
    }
    draft.insert(file, named: name, in: directory)
    forgetNames(entry.path)
  }

  /// A new file, modified when the directory was that it is in.
  private func newNode(_ kind: Node.Kind, below directory: Node) -> Node {
    Node(
      kind: kind,
      permissions: defaults.permissions(of: kind),
      user: defaults.user,
      group: defaults.group,
      modified: directory.modified
    )
  }

  private mutating func forgetNames(_ path: [UInt8]) {
    users.forget(ifBelow: path)
    groups.forget(ifBelow: path)
  }
}
