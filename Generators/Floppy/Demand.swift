import FileTree

/// What a tree needs of a filesystem.
struct Demand {
  /// Sizes of files and of directories but the root, in bytes; none is empty.
  private var sizes: [Int] = []

  /// Entries of the root directory.
  private(set) var rootSlots: Int

  init(_ selection: Selection, _ tables: [DirectoryTable]) {
    rootSlots = tables[0].slotCount
    for (index, directory) in selection.directories.enumerated() {
      if index > 0 { sizes.append(tables[index].slotCount * slotSize) }
      for file in directory.entries where file.directory == nil {
        let size = selection.tree.nodes[file.node].size
        if size > 0 { sizes.append(size) }
      }
    }
  }

  /// Clusters that all of it takes.
  func clusters(_ type: FATType, clusterSize: Int) -> Int {
    let rootSize = type == .fat32 ? rootSlots * slotSize : 0
    // FAT32 has a root directory even if there is nothing in it.
    let root = type == .fat32 ? max(1, (rootSize + clusterSize - 1) / clusterSize) : 0
    return sizes.reduce(root) { $0 + ($1 + clusterSize - 1) / clusterSize }
  }
}
