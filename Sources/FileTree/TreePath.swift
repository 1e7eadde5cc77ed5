/// Puts together the paths of nodes.
enum TreePath {
  /// The path of node `index` from the root, without a leading slash.
  static func bytes(of index: Int, nodes: [Node], entries: [Entry], text: [UInt8]) -> [UInt8] {
    var names: [Range<Int>] = []
    var current = index
    while current != 0 {
      let entry = entries[Int(nodes[current].entry)]
      names.append(entry.textOffset..<entry.textOffset + Int(entry.nameLength))
      current = Int(nodes[current].parent)
    }
    var path: [UInt8] = []
    for name in names.reversed() {
      if !path.isEmpty { path.append(UInt8(ascii: "/")) }
      path.append(contentsOf: text[name])
    }
    return path
  }
}

extension TreeParts {
  /// The path of node `index` from the root, without a leading slash.
  func path(of index: Int) -> [UInt8] {
    TreePath.bytes(of: index, nodes: nodes, entries: entries, text: text)
  }
}
