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

  /// What keeps the content of files.
  package let stores: [any ContentStore]

  /// Which file of which store each node is; empty if the numbers of nodes are
  /// those of the files of the only store.
  private let references: [ContentReference]

  /// What the user should know of where the tree comes from, a line each; usually
  /// nothing.
  package let notes: [String]

  /// How many names disappeared while the tree was scanned and were left out.
  package let vanishedCount: Int

  /// Creates a tree of what was gathered.
  init(
    _ parts: TreeParts,
    stores: [any ContentStore],
    references: [ContentReference] = [],
    notes: [String]
  ) {
    nodes = parts.nodes
    entries = parts.entries
    text = parts.text
    dataRanges = parts.dataRanges
    vanishedCount = parts.vanishedCount
    attributeSets = parts.attributeSets
    self.stores = stores
    self.references = references
    self.notes = notes
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

  /// Where the bytes of a regular file are.
  ///
  /// - Precondition: Node `index` is a regular file.
  package func content(of index: Int) -> FileContent {
    guard let reference = reference(of: index) else {
      preconditionFailure("every regular file is kept somewhere")
    }
    return stores[Int(reference.store)].content(of: Int(reference.file))
  }

  /// Which file of which store node `index` is; `nil` for one that only the tree has.
  func reference(of index: Int) -> ContentReference? {
    if references.isEmpty { return ContentReference(store: 0, file: UInt32(index)) }
    return references[index].isNone ? nil : references[index]
  }

  /// The path of a node for people: where it comes from, or where it is in the tree.
  package func path(of index: Int) -> String {
    guard let reference = reference(of: index) else {
      return "/" + HostPath.printable(relativePath(of: index))
    }
    return stores[Int(reference.store)].path(of: Int(reference.file))
  }

  /// The path of a node from the root of the tree, without a leading slash; empty
  /// for the root.
  ///
  /// Of several hard links, the first in scan order.
  package func relativePath(of index: Int) -> [UInt8] {
    TreePath.bytes(of: index, nodes: nodes, entries: entries, text: text)
  }
}

/// What a scan gathers, before it becomes a tree.
struct TreeParts: Sendable {
  var nodes: [Node] = []
  /// What a scanned node is on the host; empty if nothing was scanned.
  var identities: [HostIdentity] = []
  var entries: [Entry] = []
  var text: [UInt8] = []
  var dataRanges: [Range<Int>] = []
  var vanishedCount = 0
  var attributeSets = [AttributeSet([])]
  var attributeNumbers: [AttributeSet: UInt32] = [:]
  /// An extended attribute that was left out, for it is the host's filesystem's own.
  var foreignAttribute: [UInt8]?

  /// Identity and time of the last change of a file on the host, for sealing.
  struct HostIdentity: Sendable {
    var device: UInt64
    var inode: UInt64
    var changed: Timestamp
  }

  /// What the user should know of the scan, a line each; usually nothing.
  var notes: [String] {
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
}
