import CHost
package import DiskModel

/// A tree of files as a value: names, attributes, and where the content is.
///
/// Names and attributes are in memory; content stays where it is and is
/// referred to. The children of a directory are sorted by the bytes of their
/// names, so equal trees list equally on every host.
package final class Tree: Sendable {
  /// Every file, numbered from 0.
  ///
  /// Node 0 is the root directory. A file with several hard links is one node.
  package let nodes: [Node]

  /// Every name, the children of one directory side by side.
  package let entries: [Entry]

  /// The bytes of all names and symbolic links' targets.
  package let text: [UInt8]

  /// Where sparse files have data, in bytes; see ``Node/dataRanges``.
  let dataRanges: [Range<Int>]

  /// Every set of extended attributes that a node has, once; the first is empty.
  package let attributeSets: [AttributeSet]

  /// An extended attribute that was left out, for it is the host's filesystem's own.
  private let foreignAttribute: [UInt8]?

  /// The open root directory, below which files are opened.
  let root: CInt

  /// The root's path as the user gave it.
  package let rootPath: String

  package let descriptors: DescriptorCache

  /// How many names disappeared while the tree was scanned and were left out.
  package let vanishedCount: Int

  /// Takes over `root`, an open directory.
  init(_ parts: TreeParts, root: CInt, rootPath: String, descriptors: DescriptorCache) {
    nodes = parts.nodes
    entries = parts.entries
    text = parts.text
    dataRanges = parts.dataRanges
    vanishedCount = parts.vanishedCount
    attributeSets = parts.attributeSets
    foreignAttribute = parts.foreignAttribute
    self.root = root
    self.rootPath = rootPath
    self.descriptors = descriptors
  }

  deinit { host_close(root) }

  /// What the user should know of the scan, a line each; usually nothing.
  package var notes: [String] {
    var notes: [String] = []
    if vanishedCount > 0 {
      let names = vanishedCount == 1 ? "1 name" : "\(vanishedCount) names"
      notes.append("\(names) disappeared while the tree was scanned, and \(names) are left out")
    }
    if let foreignAttribute {
      let name = HostPath.printable(foreignAttribute)
      notes.append("extended attributes of the host's own, like \(name), are left out")
    }
    return notes
  }

  /// The bytes of an entry's name, 1 to 255 of them.
  package func name(of entry: Entry) -> Range<Int> {
    entry.textOffset..<entry.textOffset + Int(entry.nameLength)
  }

  /// The runs of data in a regular file, in bytes and in order; the rest of
  /// it reads as zero.
  package func dataRanges(of node: Node) -> [Range<Int>] {
    switch node.content {
    case .dense: node.size > 0 ? [0..<node.size] : []
    case .sparse(let first, let count): Array(dataRanges[Int(first)..<Int(first) + Int(count)])
    case .none, .children, .text: []
    }
  }

  /// When the tree was last modified, as its files say; not before 1970.
  package var lastModified: Timestamp {
    nodes.reduce(Timestamp(seconds: 0)) { max($0, $1.modified) }
  }

  /// The source of a regular file's bytes.
  ///
  /// - Precondition: Node `index` is a regular file.
  package func source(of index: Int) -> any ByteSource {
    HostFile(self, index: index)
  }

  /// The path of a node from the root of the tree, without a leading slash; empty
  /// for the root.
  ///
  /// Of several hard links, the first in scan order.
  package func relativePath(of index: Int) -> [UInt8] {
    var names: [Range<Int>] = []
    var current = index
    while current != 0 {
      names.append(name(of: entries[Int(nodes[current].entry)]))
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

/// What a scan gathers, before it becomes a tree.
struct TreeParts {
  var nodes: [Node] = []
  var entries: [Entry] = []
  var text: [UInt8] = []
  var dataRanges: [Range<Int>] = []
  var vanishedCount = 0
  var attributeSets = [AttributeSet([])]
  var attributeNumbers: [AttributeSet: UInt32] = [:]
  var foreignAttribute: [UInt8]?
}
