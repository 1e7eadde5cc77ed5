import DiskModel
import SystemPackage

extension ManifestApplier {
  /// A file with what an entry says of it.
  mutating func changed(
    _ old: TreeDraft.File,
    _ entry: ManifestEntry,
    in draft: inout TreeDraft
  ) throws(ManifestError) -> TreeDraft.File {
    var file = old
    let kind = file.node.kind
    let owner = try owner(entry, in: draft)
    if let user = owner.user { file.node.user = user }
    if let group = owner.group { file.node.group = group }
    // Linux knows no other permissions of symbolic links than 777.
    if let permissions = entry.permissions, kind != .symbolicLink {
      file.node.permissions = permissions
    }
    if let contents = entry.contents {
      guard kind == .regular else { throw misfit("contents=", for: "file", contents.place) }
      try setContents(of: &file, contents, in: &draft)
    }
    if let target = entry.target {
      guard kind == .symbolicLink else { throw misfit("link=", for: "link", target.place) }
      file.node.content = draft.content(target: target.value[...])
      file.node.size = target.value.count
    }
    if let device = entry.device {
      guard kind == .characterDevice || kind == .blockDevice else {
        throw misfit("device=", for: "char and block", device.place)
      }
      file.node.special = device.value
    }
    if let modified = entry.modified { file.node.modified = modified }
    if let size = entry.size, kind == .regular, size.value != file.node.size {
      throw ManifestError("has \(file.node.size) bytes, not \(size.value)", at: size.place)
    }
    if !entry.attributes.isEmpty {
      let names = entry.attributes.map(\.name)
      let kept = draft.attributeSet(file.node.attributes).attributes.filter {
        !names.contains($0.name)
      }
      file.node.attributes = draft.index(of: AttributeSet(kept + entry.attributes))
    }
    return file
  }

  private func misfit(
    _ keyword: String,
    for types: String,
    _ place: ManifestPlace
  ) -> ManifestError {
    ManifestError("\(keyword) is for files of type \(types)", at: place)
  }

  /// Has the file the content of one of the host, and its time of change.
  private func setContents(
    of file: inout TreeDraft.File,
    _ contents: Placed<[UInt8]>,
    in draft: inout TreeDraft
  ) throws(ManifestError) {
    let name = HostPath.printable(contents.value)
    guard let text = String(validating: contents.value, as: UTF8.self), !text.contains("\0") else {
      throw ManifestError("\(name) is not UTF-8 without zero bytes", at: contents.place)
    }
    let path = text.hasPrefix("/") ? text : folder + text
    let found: SealedHostFile?
    do throws(Errno) {
      found = try SealedHostFile(path, descriptors: descriptors)
    } catch {
      throw ManifestError("\(name): \(error.description)", at: contents.place)
    }
    guard let found else {
      throw ManifestError("\(name) is no regular file", at: contents.place)
    }
    file.node.size = found.seal.size
    file.node.modified = found.seal.modified
    file.node.content = found.isDense ? .dense : draft.content(dataRanges: found.dataRanges)
    file.reference = draft.reference(to: MadeContent(found, path: path))
  }

  /// The user and the group that an entry names, if it does.
  mutating func owner(
    _ entry: ManifestEntry,
    in draft: TreeDraft
  ) throws(ManifestError) -> (user: UInt32?, group: UInt32?) {
    var owner: (user: UInt32?, group: UInt32?)
    if let user = entry.user { owner.user = try users.find(user, in: draft) }
    if let group = entry.group { owner.group = try groups.find(group, in: draft) }
    return owner
  }
}
