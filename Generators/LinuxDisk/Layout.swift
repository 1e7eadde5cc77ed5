import DiskModel
import FileTree

/// Where the content of every inode is.
final class Layout: Sendable {
  /// When the filesystem is said to be made, in seconds since 1970.
  let time: UInt32
  let catalog: Catalog
  var format: Format { catalog.format }
  private let runs: [Run]
  private let spans: [Span]
  private let mapBlocks: [Int: MapBlocks]
  /// Where the blocks with extended attributes are, by their numbers.
  let attributeMap: FileMap

  /// Which of the layout's runs are an inode's.
  struct Span: Sendable {
    var first: UInt32 = 0
    var count: UInt32 = 0
  }

  init(
    time: UInt32,
    catalog: Catalog,
    runs: [Run],
    spans: [Span],
    mapBlocks: [Int: MapBlocks],
    attributeMap: FileMap
  ) {
    self.time = time
    self.catalog = catalog
    self.runs = runs
    self.spans = spans
    self.mapBlocks = mapBlocks
    self.attributeMap = attributeMap
  }

  /// Where the blocks of inode `number` are.
  func map(of number: Int) -> FileMap {
    let span = spans[number]
    let first = Int(span.first)
    return FileMap(runs: runs[first..<first + Int(span.count)], mapBlocks: mapBlocks[number])
  }

  /// The inode with its map and block count filled in.
  func mapped(_ number: Int, _ inode: Inode) -> Inode {
    let map = map(of: number)
    var inode = inode
    inode.blockCount = map.blockCount
    inode.flags = format.usesExtents ? Inode.extentsFlag : 0
    inode.block = .words(map.inodeWords(format))
    return inode
  }
}
