/// A tree in the making: files come and go by their names, and what is left in the
/// end is a tree.
///
/// It does not matter in which order things came: equal trees are equal, whether
/// they were scanned or drafted.
package struct TreeDraft {
  /// The files, some of which nothing leads to any more.
  private var files: [File] = []

  /// The names, some of which were removed.
  private(set) var names = DraftNames()

  private var dataRanges: [Range<Int>] = []
  private var attributes = TreeParts()
  private var stores: [any ContentStore] = []
  private var notes: [String] = []

  /// The root directory.
  package private(set) var root: FileNumber = 0

  /// Numbers a file of the draft.
  package typealias FileNumber = UInt32

  /// A file, whose names are elsewhere.
  package struct File {
    /// Kind, attributes and content.
    ///
    /// The content is `none` for a directory, in the draft's text for a link, and
    /// `dense` or among the draft's data ranges for a regular file. What says
    /// where it is in a tree is not set.
    package var node: Node

    /// Where a regular file's bytes are, and where any file comes from.
    package var reference: ContentReference?

    package init(_ node: Node, _ reference: ContentReference? = nil) {
      self.node = node
      self.reference = reference
    }
  }

  /// An empty directory, of mode 755 and owned by root.
  package init() {
    files = [File(Self.plainDirectory)]
  }

  /// A directory of which nothing is known but that something is in it.
  private static let plainDirectory = Node(kind: .directory, permissions: 0o755)

  /// A file's attributes, content and origin.
  package subscript(file: FileNumber) -> File {
    get { files[Int(file)] }
    set { files[Int(file)] = newValue }
  }

  // MARK: What files are made of

  /// Takes in a store; files refer to it by the number.
  package mutating func add(_ store: any ContentStore) -> UInt32 {
    stores.append(store)
    return UInt32(stores.count - 1)
  }

  /// Takes in a store of one file, and refers to that.
  mutating func reference(to store: any ContentStore) -> ContentReference {
    ContentReference(store: add(store), file: 0)
  }

  /// Where the bytes of a regular file are.
  func content(of file: FileNumber) -> FileContent? {
    guard let reference = self[file].reference else { return nil }
    return stores[Int(reference.store)].content(of: Int(reference.file))
  }

  /// Takes in a line that the user should read.
  package mutating func add(note: String) { notes.append(note) }

  /// Takes in a symbolic link's target.
  package mutating func content(target: ArraySlice<UInt8>) -> Node.Content {
    .text(offset: names.add(text: target))
  }

  /// Takes in where a sparse file has data, in bytes, ascending and apart.
  package mutating func content(dataRanges ranges: [Range<Int>]) -> Node.Content {
    let first = UInt32(dataRanges.count)
    dataRanges.append(contentsOf: ranges)
    return .sparse(first: first, count: UInt32(ranges.count))
  }

  /// Takes in a set of extended attributes; a node refers to it by the number.
  package mutating func index(of set: AttributeSet) -> UInt32 { attributes.index(of: set) }

  /// The set of a number.
  package func attributeSet(_ number: UInt32) -> AttributeSet {
    attributes.attributeSets[Int(number)]
  }

  /// The target of a symbolic link.
  package func target(of link: FileNumber) -> ArraySlice<UInt8> {
    names.text[self[link].node.target]
  }

  // MARK: Names

  /// The file with this name in a directory.
  package func child(_ name: ArraySlice<UInt8>, of directory: FileNumber) -> FileNumber? {
    names.find(name, in: directory).map { names.file($0) }
  }

  /// The file at a path, by its components; symbolic links lead nowhere.
  package func find(_ path: some Sequence<ArraySlice<UInt8>>) -> FileNumber? {
    var current = root
    for name in path {
      guard let next = child(name, of: current) else { return nil }
      current = next
    }
    return current
  }

  /// Puts a file into a directory, in place of what has the name now; a directory in
  /// place of a directory takes over what is in it.
  ///
  /// - Returns: The file's number.
  /// - Precondition: The name has 1 to 255 bytes, and is neither `.` nor `..`.
  @discardableResult
  package mutating func insert(
    _ file: File,
    named name: ArraySlice<UInt8>,
    in directory: FileNumber
  ) -> FileNumber {
    if let entry = names.find(name, in: directory) {
      let old = names.file(entry)
      if file.node.kind == .directory && self[old].node.kind == .directory {
        self[old] = file
        return old
      }
      let number = append(file)
      names.change(entry, to: number)
      return number
    }
    let number = append(file)
    names.insert(name, in: directory, file: number)
    return number
  }

  /// Gives a file one more name, in place of what has it now.
  ///
  /// - Precondition: The file is no directory.
  package mutating func link(
    _ file: FileNumber,
    named name: ArraySlice<UInt8>,
    in directory: FileNumber
  ) {
    precondition(self[file].node.kind != .directory, "directories have one name")
    if let entry = names.find(name, in: directory) {
      names.change(entry, to: file)
    } else {
      names.insert(name, in: directory, file: file)
    }
  }

  /// Takes a name out of a directory, with everything that is below it.
  ///
  /// - Returns: Whether it was there.
  @discardableResult
  package mutating func remove(
    _ name: ArraySlice<UInt8>,
    from directory: FileNumber
  ) -> Bool {
    guard let entry = names.find(name, in: directory) else { return false }
    names.remove(entry)
    return true
  }

  /// Empties the directory with this name, or the root.
  package mutating func clear(_ name: ArraySlice<UInt8>?, of directory: FileNumber) {
    guard let name else {
      root = append(self[root])
      return
    }
    guard let entry = names.find(name, in: directory) else { return }
    // What is in the directory belongs to its old number.
    names.change(entry, to: append(self[names.file(entry)]))
  }

  /// The directory at a path, which is made if need be, in place of what is there.
  package mutating func makeDirectory(
    at path: some Sequence<ArraySlice<UInt8>>
  ) -> FileNumber {
    var current = root
    for name in path {
      if let next = child(name, of: current), self[next].node.kind == .directory {
        current = next
      } else {
        current = insert(File(Self.plainDirectory), named: name, in: current)
      }
    }
    return current
  }

  private mutating func append(_ file: File) -> FileNumber {
    files.append(file)
    return FileNumber(files.count - 1)
  }

  // MARK: Trees

  /// Merges a tree into the draft: what it has goes in place of what is there,
  /// directories are joined.
  package mutating func merge(_ tree: Tree) {
    let firstStore = UInt32(stores.count)
    stores += tree.stores
    notes += tree.notes
    attributes.vanishedCount += tree.vanishedCount
    let sets = tree.attributeSets.map { attributes.index(of: $0) }
    var numbers = [FileNumber?](repeating: nil, count: tree.nodes.count)

    func file(_ index: Int, _ draft: inout TreeDraft) -> File {
      var node = tree.nodes[index]
      node.attributes = sets[Int(node.attributes)]
      switch node.content {
      case .sparse: node.content = draft.content(dataRanges: tree.dataRanges(of: node))
      case .text: node.content = draft.content(target: tree.text[node.target])
      case .children: node.content = .none
      case .dense, .none: break
      }
      let reference = tree.reference(of: index).map {
        ContentReference(store: firstStore + $0.store, file: $0.file)
      }
      return File(node, reference)
    }

    self[root] = file(0, &self)
    var pending = [(node: 0, directory: root)]
    while let (node, directory) = pending.popLast() {
      for index in tree.nodes[node].children {
        let entry = tree.entries[index]
        let child = Int(entry.node)
        let name = tree.text[tree.name(of: entry)]
        if let number = numbers[child] {
          link(number, named: name, in: directory)
          continue
        }
        let number = insert(file(child, &self), named: name, in: directory)
        if tree.nodes[child].kind == .directory {
          pending.append((child, number))
        } else {
          numbers[child] = number
        }
      }
    }
  }

  /// The tree, as a scan would have found it.
  package consuming func finish() -> Tree {
    var layout = DraftLayout(
      names: names,
      fileCount: files.count,
      attributeSets: attributes.attributeSets,
      dataRanges: dataRanges
    )
    layout.walk(from: root, files: files)
    layout.parts.vanishedCount = attributes.vanishedCount
    return Tree(
      layout.parts,
      stores: stores,
      references: layout.references,
      notes: notes
    )
  }
}
