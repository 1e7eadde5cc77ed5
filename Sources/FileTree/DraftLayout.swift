/// Puts what is left of a draft into the order of a tree.
struct DraftLayout {
  private(set) var references: [ContentReference] = []
  var parts = TreeParts()

  /// The names of each directory, sorted, side by side.
  private let names: DraftNames
  private let sorted: [UInt32]
  private let starts: [UInt32]

  private let attributeSets: [AttributeSet]
  private let dataRanges: [Range<Int>]

  /// The nodes of the files that have one and are no directories.
  private var nodes: [UInt32]

  /// Stands for the node of a file that has none.
  private static let noNode = UInt32.max

  /// Sorts the names.
  init(
    names: DraftNames,
    fileCount: Int,
    attributeSets: [AttributeSet],
    dataRanges: [Range<Int>]
  ) {
    self.names = names
    nodes = [UInt32](repeating: Self.noNode, count: fileCount)
    self.attributeSets = attributeSets
    self.dataRanges = dataRanges
    let highest = names.entries.reduce(0) { max($0, Int($1.directory)) }
    var counts = [UInt32](repeating: 0, count: highest + 2)
    for name in names.entries where name.file != DraftNames.removed {
      counts[Int(name.directory) + 1] += 1
    }
    for index in counts.indices.dropFirst() { counts[index] += counts[index - 1] }
    starts = counts
    var next = counts
    var sorted = [UInt32](repeating: 0, count: Int(counts[counts.count - 1]))
    for (number, name) in names.entries.enumerated() where name.file != DraftNames.removed {
      sorted[Int(next[Int(name.directory)])] = UInt32(number)
      next[Int(name.directory)] += 1
    }
    for directory in 0...highest {
      let range = Int(counts[directory])..<Int(counts[directory + 1])
      guard range.count > 1 else { continue }
      sorted[range].sort { names.precedes($0, $1) }
    }
    self.sorted = sorted
  }

  /// Lays out the directory `root` and everything below it.
  mutating func walk(from root: UInt32, files: [TreeDraft.File]) {
    add(files[Int(root)], entry: 0, parent: 0)
    list(root, node: 0, files)
    var remaining = [parts.nodes[0].children]
    var directories = [directories(of: root, files)]
    while var entries = remaining.popLast(), var numbers = directories.popLast() {
      guard let index = entries.popFirst() else { continue }
      let entry = parts.entries[index]
      let isDirectory = parts.nodes[Int(entry.node)].kind == .directory
      let directory = isDirectory ? numbers.popLast() : nil
      remaining.append(entries)
      directories.append(numbers)
      guard let directory else { continue }
      list(directory, node: Int(entry.node), files)
      remaining.append(parts.nodes[Int(entry.node)].children)
      directories.append(self.directories(of: directory, files))
    }
  }

  private func entries(of directory: UInt32) -> ArraySlice<UInt32> {
    guard Int(directory) + 1 < starts.count else { return [] }
    return sorted[Int(starts[Int(directory)])..<Int(starts[Int(directory) + 1])]
  }

  /// The directories in a directory, the last one first.
  private func directories(of directory: UInt32, _ files: [TreeDraft.File]) -> [UInt32] {
    entries(of: directory).reversed().map { names.file($0) }
      .filter { files[Int($0)].node.kind == .directory }
  }

  /// Adds the children of a directory.
  private mutating func list(_ directory: UInt32, node parent: Int, _ files: [TreeDraft.File]) {
    let first = parts.entries.count
    for number in entries(of: directory) {
      let name = names.entries[Int(number)]
      var entry = Entry(textOffset: parts.text.count, nameLength: name.length, node: 0)
      parts.text.append(contentsOf: names.text[name.range])
      parts.text.append(0)
      let linked = nodes[Int(name.file)]
      if linked != Self.noNode {
        parts.nodes[Int(linked)].linkCount += 1
        entry.node = linked
      } else {
        entry.node = UInt32(parts.nodes.count)
        let file = files[Int(name.file)]
        if file.node.kind != .directory { nodes[Int(name.file)] = entry.node }
        add(file, entry: UInt32(parts.entries.count), parent: UInt32(parent))
      }
      parts.entries.append(entry)
    }
    parts.nodes[parent].content = .children(
      first: UInt32(first),
      count: UInt32(parts.entries.count - first)
    )
  }

  private mutating func add(_ file: TreeDraft.File, entry: UInt32, parent: UInt32) {
    var node = file.node
    node.linkCount = 1
    node.entry = entry
    node.parent = parent
    node.attributes = parts.index(of: attributeSets[Int(node.attributes)])
    switch node.content {
    case .sparse(let first, let count):
      let ranges = dataRanges[Int(first)..<Int(first) + Int(count)]
      node.content = .sparse(first: UInt32(parts.dataRanges.count), count: count)
      parts.dataRanges.append(contentsOf: ranges)
    case .text:
      let target = names.text[node.target]
      node.content = .text(offset: parts.text.count)
      parts.text.append(contentsOf: target)
    case .none, .dense, .children:
      break
    }
    parts.nodes.append(node)
    references.append(file.reference ?? .none)
  }
}

extension DraftNames {
  /// Whether a name comes before another: by its bytes, a shorter one before its
  /// extensions.
  func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    let left = entries[Int(left)]
    let right = entries[Int(right)]
    let span = text.span
    for index in 0..<min(Int(left.length), Int(right.length)) {
      let (leftByte, rightByte) = (span[left.offset + index], span[right.offset + index])
      if leftByte != rightByte { return leftByte < rightByte }
    }
    return left.length < right.length
  }
}
