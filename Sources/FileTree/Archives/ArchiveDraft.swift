import DiskModel

/// A tree in the making from the members of archives, one archive over the other.
struct ArchiveDraft {
  private(set) var draft = TreeDraft()

  /// Whether files keep their extended attributes.
  let keepsAttributes: Bool

  /// How many directories that no member is may still be made.
  private var spareDirectories = 1 << 24

  /// How many symbolic links may lead to one another, as in Linux.
  private static let linkLimit = 40

  /// What whiteouts start with (OCI image specification, "Layer", "Whiteouts").
  private static let whiteoutPrefix = Array(".wh.".utf8)
  private static let reservedPrefix = Array(".wh..wh.".utf8)
  private static let opaque = Array(".wh..wh..opq".utf8)

  init(keepsAttributes: Bool) { self.keepsAttributes = keepsAttributes }

  /// A directory, and how it was reached.
  private struct Place {
    /// The directories from the root on, with their names.
    var steps: [(name: ArraySlice<UInt8>, directory: TreeDraft.FileNumber)] = []
    let root: TreeDraft.FileNumber

    var directory: TreeDraft.FileNumber { steps.last?.directory ?? root }
    var parent: TreeDraft.FileNumber { steps.dropLast().last?.directory ?? root }
  }

  /// Puts the members of an archive over what is there.
  ///
  /// - Parameters:
  ///   - members: The members, in their order; later ones win.
  ///   - archive: Where their content is.
  ///   - hasWhiteouts: Whether there are names that remove what is there.
  /// - Throws: ``ArchiveFailure`` for a link to nothing, or in circles.
  mutating func add(
    _ members: [TarMember],
    of archive: ArchiveBytes,
    hasWhiteouts: Bool
  ) throws(ArchiveFailure) {
    // A whiteout means what lower layers have, wherever it stands in its own.
    if hasWhiteouts {
      for member in members where isWhiteout(member.path) { try remove(member, archive) }
    }
    let store = draft.add(ArchiveStore(archive, members))
    for (index, member) in members.enumerated() {
      if hasWhiteouts && isWhiteout(member.path) { continue }
      let reference = ContentReference(store: store, file: UInt32(index))
      try insert(member, reference, archive)
    }
  }

  mutating func add(notes: [String]) { for note in notes { draft.add(note: note) } }

  private func isWhiteout(_ path: [UInt8]) -> Bool {
    let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    return path[start...].starts(with: Self.whiteoutPrefix)
  }

  private mutating func remove(_ member: TarMember, _ archive: ArchiveBytes) throws(ArchiveFailure)
  {
    let components = member.path.split(separator: UInt8(ascii: "/"))
    guard let name = components.last, let place = try find(components.dropLast(), member, archive)
    else { return }
    if name.elementsEqual(Self.opaque) {
      draft.clear(place.steps.last?.name, of: place.parent)
    } else if !name.starts(with: Self.reservedPrefix) {
      draft.remove(name.dropFirst(Self.whiteoutPrefix.count), from: place.directory)
    }
  }

  private mutating func insert(
    _ member: TarMember,
    _ reference: ContentReference,
    _ archive: ArchiveBytes
  ) throws(ArchiveFailure) {
    let components = member.path.split(separator: UInt8(ascii: "/"))
    guard let name = components.last else {
      draft[draft.root] = file(member, reference)
      return
    }
    let parent = try make(components.dropLast(), member, archive)
    guard case .hardLink(let target) = member.kind else {
      draft.insert(file(member, reference), named: name, in: parent)
      return
    }
    let path = target.split(separator: UInt8(ascii: "/"))
    guard let targetName = path.last,
      let place = try find(path.dropLast(), member, archive),
      let linked = draft.child(targetName, of: place.directory)
    else {
      let shown = HostPath.printable(target)
      throw failure(member, archive, "is a hard link to \(shown), which is not there")
    }
    guard draft[linked].node.kind != .directory else {
      throw failure(member, archive, "is a hard link to \(HostPath.printable(target)), a directory")
    }
    draft.link(linked, named: name, in: parent)
  }

  private func failure(
    _ member: TarMember,
    _ archive: ArchiveBytes,
    _ problem: String
  ) -> ArchiveFailure {
    let name = HostPath.printable(member.path)
    return ArchiveFailure(archive.name, at: member.headerOffset, "\(name): \(problem)")
  }

  /// The file that a member is; hard links are none.
  private mutating func file(
    _ member: TarMember,
    _ reference: ContentReference
  ) -> TreeDraft.File {
    var node = Node(
      kind: .fifo,
      permissions: member.permissions,
      user: member.user,
      group: member.group,
      modified: member.modified
    )
    if keepsAttributes { node.attributes = draft.index(of: AttributeSet(member.attributes)) }
    switch member.kind {
    case .regular(let content):
      node.kind = .regular
      node.size = content.size
      node.content = .dense
      let all = content.size > 0 ? [0..<content.size] : []
      if let ranges = content.ranges, ranges != all {
        node.content = draft.content(dataRanges: ranges)
      }
    case .directory:
      node.kind = .directory
    case .symbolicLink(let target):
      node.kind = .symbolicLink
      node.size = target.count
      node.content = draft.content(target: target[...])
    case .characterDevice(let number):
      node.kind = .characterDevice
      node.special = number
    case .blockDevice(let number):
      node.kind = .blockDevice
      node.special = number
    case .fifo, .hardLink:
      break
    }
    return TreeDraft.File(node, reference)
  }

  // MARK: Places

  /// The directory at a path; symbolic links are followed inside of the tree.
  private func find(
    _ path: some Sequence<ArraySlice<UInt8>>,
    _ member: TarMember,
    _ archive: ArchiveBytes
  ) throws(ArchiveFailure) -> Place? {
    var walk = Walk(path, root: draft.root)
    while let name = walk.next() {
      guard let child = draft.child(name, of: walk.place.directory) else { return nil }
      switch draft[child].node.kind {
      case .directory: walk.enter(child, name)
      case .symbolicLink:
        guard walk.follow(draft.target(of: child)) else { throw endlessLinks(member, archive) }
      default: return nil
      }
    }
    return walk.place
  }

  /// The same, making what is missing, in place of files that stand in the way.
  private mutating func make(
    _ path: some Sequence<ArraySlice<UInt8>>,
    _ member: TarMember,
    _ archive: ArchiveBytes
  ) throws(ArchiveFailure) -> TreeDraft.FileNumber {
    var walk = Walk(path, root: draft.root)
    while let name = walk.next() {
      let directory = walk.place.directory
      if let child = draft.child(name, of: directory) {
        switch draft[child].node.kind {
        case .directory:
          walk.enter(child, name)
          continue
        case .symbolicLink:
          guard walk.follow(draft.target(of: child)) else { throw endlessLinks(member, archive) }
          continue
        default: break
        }
      }
      guard name.count <= 255 else {
        throw failure(member, archive, "a symbolic link leads to a name of more than 255 bytes")
      }
      spareDirectories -= 1
      guard spareDirectories >= 0 else {
        throw failure(member, archive, "more than 16 Mi directories are needed for names")
      }
      let plain = TreeDraft.File(Node(kind: .directory, permissions: 0o755))
      walk.enter(draft.insert(plain, named: name, in: directory), name)
    }
    return walk.place.directory
  }

  private func endlessLinks(_ member: TarMember, _ archive: ArchiveBytes) -> ArchiveFailure {
    failure(member, archive, "too many symbolic links lead to one another on the way to it")
  }

  /// A walk along a path.
  private struct Walk {
    private(set) var place: Place
    /// What is still to be gone, the next one last.
    private var pending: [ArraySlice<UInt8>]
    private var linkCount = 0

    init(_ path: some Sequence<ArraySlice<UInt8>>, root: TreeDraft.FileNumber) {
      place = Place(root: root)
      pending = path.reversed()
    }

    /// The next name that has to be looked up.
    mutating func next() -> ArraySlice<UInt8>? {
      while let name = pending.popLast() {
        if name.isEmpty || name.elementsEqual(".".utf8) { continue }
        if name.elementsEqual("..".utf8) {
          _ = place.steps.popLast()
          continue
        }
        return name
      }
      return nil
    }

    mutating func enter(_ directory: TreeDraft.FileNumber, _ name: ArraySlice<UInt8>) {
      place.steps.append((name, directory))
    }

    /// Goes on along a symbolic link's target; `false` if there were too many.
    mutating func follow(_ target: ArraySlice<UInt8>) -> Bool {
      linkCount += 1
      guard linkCount <= ArchiveDraft.linkLimit else { return false }
      if target.first == UInt8(ascii: "/") { place.steps = [] }
      pending += target.split(separator: UInt8(ascii: "/")).reversed()
      return true
    }
  }
}
