import DiskModel
import FileTree

/// What goes onto the disk: the tree as directories of FAT, links resolved, names
/// checked.
struct Selection {
  /// Directory 0 is the root; a directory comes before those in it.
  private(set) var directories: [Directory] = []

  /// What cannot be on the disk, if that is an error.
  private(set) var problems: [Problem] = []

  /// Whether there is no end of it.
  private(set) var isTooLarge = false

  /// What is left out or renamed, for the user.
  private(set) var remarks = Remarks()

  private var reportedPaths: Set<String> = []

  let tree: Tree
  private let onConflict: ConflictPolicy
  private let rootLimit: Int

  /// A directory of the disk.
  struct Directory {
    /// The directory of the tree that it shows.
    var node: Int
    /// The directory that it is in; 0 for the root.
    var parent: Int
    var entries: [File] = []
  }

  /// A name in a directory.
  struct File {
    /// The name in UTF-16.
    var name: [UInt16]
    /// What it names: a regular file or a directory.
    var node: Int
    /// The directory of the disk, if it is one.
    var directory: Int?
  }

  /// What cannot be on the disk, and why.
  typealias Problem = ScanFailure.Problem

  /// How many more names than the tree has may come of links to directories.
  private static let growthLimit = 1_000_000

  /// Selects what of a tree can be on a disk.
  ///
  /// - Parameters:
  ///   - tree: The tree.
  ///   - onConflict: What to do with what cannot.
  ///   - rootLimit: How many entries the root directory may have.
  init(_ tree: Tree, onConflict: ConflictPolicy, rootLimit: Int = slotLimit) {
    self.tree = tree
    self.rootLimit = rootLimit
    self.onConflict = onConflict
    directories = [Directory(node: 0, parent: 0)]
    var nameCount = 0
    var index = 0
    while index < directories.count {
      fill(index)
      nameCount += directories[index].entries.count
      guard nameCount <= tree.entries.count + Self.growthLimit else {
        let cause = "its symbolic links to directories multiply the tree"
        problems = [Problem(path: tree.path(of: 0), cause: cause)]
        isTooLarge = true
        return
      }
      index += 1
    }
  }

  /// Finds the entries of a directory.
  private mutating func fill(_ directory: Int) {
    let node = directories[directory].node
    var files: [File] = []
    var names = NameSet()
    // Names that are right come first, so that no corrected one takes their place.
    var corrected: [(file: File, entry: Entry)] = []
    for index in tree.nodes[node].children {
      let entry = tree.entries[index]
      guard let target = content(of: entry, in: directory) else { continue }
      var file = File(name: [], node: target)
      let cause: String
      switch LongName.units(of: tree.text[tree.name(of: entry)]) {
      case .success(let units):
        file.name = units
        guard let other = names.insert(units) else {
          files.append(file)
          continue
        }
        let same = String(decoding: other, as: UTF16.self)
        cause = "the name differs from \(same) in case only, if at all"
      case .failure(let error):
        cause = Self.cause(of: error.problem)
      }
      switch onConflict {
      case .error: report(cause, entry, in: directory)
      case .skip: remarks.add(.leftOut(cause), path(of: entry, in: directory))
      case .rename: corrected.append((file, entry))
      }
    }
    for (file, entry) in corrected {
      files.append(rename(file, entry, &names, in: directory))
    }
    limit(&files, in: directory)
    for index in files.indices where tree.nodes[files[index].node].kind == .directory {
      files[index].directory = directories.count
      directories.append(Directory(node: files[index].node, parent: directory))
    }
    directories[directory].entries = files
  }

  /// The file or directory that an entry stands for; `nil` if it is left out.
  private mutating func content(of entry: Entry, in directory: Int) -> Int? {
    var node = Int(entry.node)
    if tree.nodes[node].kind == .symbolicLink {
      guard let target = tree.target(ofLink: node, in: directories[directory].node) else {
        remarks.add(.linkOutside, path(of: entry, in: directory))
        return nil
      }
      guard tree.nodes[target].kind != .directory || !isInside(target, directory) else {
        remarks.add(.linkToAncestor, path(of: entry, in: directory))
        return nil
      }
      node = target
    }
    switch tree.nodes[node].kind {
    case .directory:
      return node
    case .regular:
      guard tree.nodes[node].size > Self.fileSizeLimit else { return node }
      let size = tree.nodes[node].size
      if onConflict == .skip {
        remarks.add(.leftOut("files on FAT have less than 4 GiB"), path(of: entry, in: directory))
      } else {
        report("has \(size) bytes; a file on FAT has less than 4 GiB", entry, in: directory)
      }
      return nil
    case .symbolicLink, .characterDevice, .blockDevice, .fifo, .socket:
      remarks.add(.special, path(of: entry, in: directory))
      return nil
    }
  }

  /// Largest size that fits into `DIR_FileSize`.
  private static let fileSizeLimit = Int(UInt32.max)

  /// Whether a directory of the disk shows a node, or lies in one that does.
  private func isInside(_ node: Int, _ directory: Int) -> Bool {
    var current = directory
    while directories[current].node != node {
      guard current != 0 else { return false }
      current = directories[current].parent
    }
    return true
  }

  private mutating func rename(
    _ file: File,
    _ entry: Entry,
    _ names: inout NameSet,
    in directory: Int
  ) -> File {
    let base = LongName.corrected(tree.text[tree.name(of: entry)])
    var file = file
    file.name = base
    while names.insert(file.name) != nil {
      file.name = LongName.numbered(base, names.nextNumber(of: base))
    }
    let name = String(decoding: file.name, as: UTF16.self)
    remarks.add(.renamed, "\(path(of: entry, in: directory)) is \(name)")
    return file
  }

  /// Sees to it that a directory has no more entries than it may have.
  private mutating func limit(_ files: inout [File], in directory: Int) {
    let limit = directory == 0 ? rootLimit : slotLimit
    // A name of 255 units takes 21 entries.
    guard files.count >= limit / 21 - 1 else { return }
    let all = files.reduce(Self.ownSlots(of: directory)) { $0 + Self.slots(of: $1) }
    guard all > limit else { return }
    let path = directoryPath(directory)
    guard onConflict == .skip else {
      let cause = "its names take \(all) entries; a directory on FAT has at most \(limit)"
      report(cause, path)
      return
    }
    var slots = Self.ownSlots(of: directory)
    files.removeAll { file in
      let count = Self.slots(of: file)
      guard slots + count > limit else {
        slots += count
        return false
      }
      let name = String(decoding: file.name, as: UTF16.self)
      remarks.add(.leftOut("the directory is full"), "\(path)/\(name)")
      return true
    }
  }

  /// Entries that a directory has besides its names: `.` and `..`, or the label.
  private static func ownSlots(of directory: Int) -> Int { directory == 0 ? 1 : 2 }

  /// Entries that a name takes.
  private static func slots(of file: File) -> Int {
    1 + DirectoryTable.longSlots(of: file.name)
  }

  private mutating func report(_ cause: String, _ entry: Entry, in directory: Int) {
    report(cause, path(of: entry, in: directory))
  }

  /// Reports a path, once even if links lead to it.
  private mutating func report(_ cause: String, _ path: String) {
    if reportedPaths.insert(path).inserted { problems.append(Problem(path: path, cause: cause)) }
  }

  private func directoryPath(_ directory: Int) -> String {
    tree.path(of: directories[directory].node)
  }

  private func path(of entry: Entry, in directory: Int) -> String {
    let parent = directoryPath(directory)
    let name = HostPath.printable(tree.text[tree.name(of: entry)])
    return parent + (parent.hasSuffix("/") ? "" : "/") + name
  }

  private static func cause(of problem: LongName.Problem) -> String {
    switch problem {
    case .notUnicode: "the name is not UTF-8, and FAT's names are Unicode"
    case .forbidden(let scalar) where scalar.value < 0x20:
      "the name has a control character, which FAT does not allow"
    case .forbidden(let scalar): "the name has a \(Character(scalar)), which FAT does not allow"
    case .endsBadly: "the name ends in a dot or a space, which FAT does not keep"
    case .device: "the name is that of a device on DOS and Windows"
    }
  }
}

/// What to do with what FAT cannot hold.
enum ConflictPolicy: String, CaseIterable, Sendable {
  case error, rename, skip
}

/// The names of one directory, equal if they differ only in case.
private struct NameSet {
  private var names: [[UInt16]: [UInt16]] = [:]
  private var numbers: [[UInt16]: Int] = [:]

  /// Adds a name; or returns the one that is there already.
  mutating func insert(_ name: [UInt16]) -> [UInt16]? {
    let key = LongName.folded(name)
    if let other = names[key] { return other }
    names[key] = name
    return nil
  }

  /// 2, 3 and so on, for names that would be the same.
  mutating func nextNumber(of name: [UInt16]) -> Int {
    let key = LongName.folded(name)
    let number = (numbers[key] ?? 1) + 1
    numbers[key] = number
    return number
  }
}
