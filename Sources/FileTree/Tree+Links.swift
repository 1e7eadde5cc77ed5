extension Tree {
  /// How many symbolic links may lead to one another, as in Linux.
  private static var linkLimit: Int { 40 }

  /// The child of a directory with this name.
  package func child(named name: ArraySlice<UInt8>, of directory: Int) -> Entry? {
    var range = nodes[directory].children
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      let candidate = text[self.name(of: entries[middle])]
      if candidate.elementsEqual(name) { return entries[middle] }
      if candidate.lexicographicallyPrecedes(name) {
        range = middle + 1..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return nil
  }

  /// The file that a symbolic link leads to, if that is in the tree: never a
  /// symbolic link itself.
  ///
  /// - Parameters:
  ///   - link: The node of the link.
  ///   - directory: The node of the directory that the link is in.
  /// - Returns: The node of a file or directory, or `nil`.
  package func target(ofLink link: Int, in directory: Int) -> Int? {
    var current = directory
    var linkCount = 0
    var pending: [ArraySlice<UInt8>] = []
    var next: Int? = link
    while true {
      if let found = next {
        guard nodes[found].kind == .symbolicLink else {
          current = found
          next = nil
          continue
        }
        linkCount += 1
        let path = text[nodes[found].target]
        guard linkCount <= Self.linkLimit, path.first != UInt8(ascii: "/"), !path.isEmpty else {
          return nil
        }
        pending += path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
          .reversed()
        next = nil
      }
      guard let component = pending.popLast() else { return current }
      guard nodes[current].kind == .directory else { return nil }
      switch component {
      case [], [UInt8(ascii: ".")]:
        break
      case [UInt8(ascii: "."), UInt8(ascii: ".")]:
        guard current != 0 else { return nil }
        current = Int(nodes[current].parent)
      default:
        guard let entry = child(named: component, of: current) else { return nil }
        next = Int(entry.node)
      }
    }
  }
}
