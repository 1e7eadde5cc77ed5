import DiskModel
import FileTree
import TestSupport
import Testing

extension TreeScanner {
  static func scan(_ path: String) throws(ScanFailure) -> Tree {
    try scan(path, descriptors: DescriptorCache(capacity: 16))
  }
}

extension Tree {
  /// The names in a directory, in the order of the tree.
  func names(in node: Int = 0) -> [[UInt8]] {
    nodes[node].children.map { Array(text[name(of: entries[$0])]) }
  }

  func nameStrings(in node: Int = 0) -> [String] {
    names(in: node).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The node at a path from the root, without a leading slash.
  func index(of path: String) throws -> Int {
    var node = 0
    for component in path.split(separator: "/") {
      let entry = nodes[node].children.first { index in
        text[name(of: entries[index])].elementsEqual(component.utf8)
      }
      node = Int(entries[try #require(entry, "there is no \(component) of \(path)")].node)
    }
    return node
  }

  func node(_ path: String) throws -> Node { nodes[try index(of: path)] }

  /// A regular file as a disk: its data, and holes between.
  func disk(_ path: String) throws -> Disk {
    let index = try index(of: path)
    let content = content(of: index)
    var disk = Disk()
    for range in dataRanges(of: nodes[index]) {
      try disk.pad(to: range.lowerBound)
      try disk.append(
        .source(content.source, offset: content.offset + range.lowerBound),
        count: range.count
      )
    }
    try disk.pad(to: nodes[index].size)
    return disk
  }
}
