import DiskModel
import FileTree

/// Puts a filesystem together: every file has its clusters side by side, in the
/// order of the tree, directories first.
struct FloppyAssembly {
  let selection: Selection
  let tables: [DirectoryTable]
  let geometry: Geometry
  let options: FloppyOptions
  let volumeID: UInt32
  let partitioning: Partitioning
  /// When the label was written.
  let time: DOSTime

  /// Where directories start; 0 for a root directory that has no cluster.
  private(set) var directoryClusters: [Int] = []

  /// Where the files of each directory start; 0 for an empty one.
  private(set) var fileClusters: [[Int]] = []

  /// The last clusters of all files, ascending.
  private(set) var lastClusters: [UInt32] = []

  private var nextCluster = 2

  init(
    _ selection: Selection,
    _ tables: [DirectoryTable],
    _ geometry: Geometry,
    _ options: FloppyOptions,
    volumeID: UInt32,
    partitioning: Partitioning
  ) {
    self.selection = selection
    self.tables = tables
    self.geometry = geometry
    self.options = options
    self.volumeID = volumeID
    self.partitioning = partitioning
    let written = options.time.map { Timestamp(seconds: Int64($0)) }
    time = DOSTime(written ?? selection.tree.lastModified, in: options.zone)
    allocate()
  }

  private var isFAT32: Bool { geometry.type == .fat32 }

  private mutating func allocate() {
    for (index, table) in tables.enumerated() {
      let isFixed = index == 0 && !isFAT32
      directoryClusters.append(isFixed ? 0 : take(max(1, table.slotCount * slotSize)))
    }
    for directory in selection.directories {
      fileClusters.append(
        directory.entries.map { file in
          file.directory == nil ? take(selection.tree.nodes[file.node].size) : 0
        }
      )
    }
  }

  /// Takes clusters for so many bytes; the first one, or 0 for no bytes.
  private mutating func take(_ size: Int) -> Int {
    guard size > 0 else { return 0 }
    let first = nextCluster
    nextCluster += (size + geometry.clusterSize - 1) / geometry.clusterSize
    lastClusters.append(UInt32(nextCluster - 1))
    return first
  }

  /// The filesystem.
  ///
  /// - Throws: ``DiskError`` never: the size was checked.
  func disk() throws(DiskError) -> Disk {
    var disk = try head()
    let table = AllocationTable(
      geometry.type,
      mediumDescriptor: geometry.medium.descriptor,
      lastClusters: lastClusters
    )
    for copy in 0..<Geometry.tableCount {
      let start = geometry.type.reservedSectors + copy * geometry.tableSectors
      try disk.pad(to: start * sectorSize, as: .metadata)
      try disk.append(.source(table, offset: 0), count: table.size, as: .metadata)
    }
    try disk.pad(to: geometry.rootStart * sectorSize, as: .metadata)
    for (index, directory) in selection.directories.enumerated() {
      let cluster = directoryClusters[index]
      let start =
        cluster == 0 ? geometry.rootStart * sectorSize : geometry.offset(ofCluster: cluster)
      try disk.pad(to: start, as: .metadata)
      try disk.append(encode(directory, at: index), as: .metadata)
    }
    // What is left of the fixed root directory, or of the last directory's cluster.
    try disk.pad(to: geometry.clusterEnd(disk.size), as: .metadata)
    for (index, directory) in selection.directories.enumerated() {
      for (number, file) in directory.entries.enumerated() {
        let cluster = fileClusters[index][number]
        if cluster > 0 { try append(file, at: cluster, to: &disk) }
      }
    }
    try disk.pad(to: geometry.totalSectors * sectorSize)
    return disk
  }

  /// The boot sector, and with FAT32 what it has besides, twice.
  private func head() throws(DiskError) -> Disk {
    let label = options.label ?? Array("NO NAME    ".utf8)
    let sector = BootSector(
      geometry: geometry,
      hiddenSectors: partitioning.firstSector,
      volumeID: volumeID,
      label: label,
      code: options.bootCode
    )
    var disk = Disk(sector.encode(), as: .metadata)
    guard isFAT32 else { return disk }
    let freeCount = geometry.clusterCount - (nextCluster - 2)
    let information = InformationSector(
      freeCount: freeCount,
      nextFree: freeCount > 0 ? nextCluster : nil
    )
    try disk.append(information.encode(), as: .metadata)
    try disk.pad(to: BootSector.backupSector * sectorSize, as: .metadata)
    try disk.append(sector.encode(), as: .metadata)
    try disk.append(information.encode(), as: .metadata)
    return disk
  }

  /// The entries of a directory; what follows them in its clusters is zero.
  private func encode(_ directory: Selection.Directory, at index: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tables[index].slotCount * slotSize)
    if index > 0 {
      DirectoryTable.appendDots(
        attributes(ofDirectory: index),
        parent: attributes(ofDirectory: directory.parent),
        to: &bytes
      )
    } else if let label = options.label {
      DirectoryTable.appendLabel(label, time, to: &bytes)
    }
    var number = 0
    tables[index].encode(directory, to: &bytes) { file in
      defer { number += 1 }
      if let child = file.directory { return attributes(ofDirectory: child) }
      let node = selection.tree.nodes[file.node]
      return DirectoryTable.Attributes(
        isReadOnly: node.permissions & 0o222 == 0,
        modified: DOSTime(node.modified, in: options.zone),
        firstCluster: fileClusters[index][number],
        size: node.size
      )
    }
    return bytes
  }

  private func attributes(ofDirectory index: Int) -> DirectoryTable.Attributes {
    let node = selection.tree.nodes[selection.directories[index].node]
    return DirectoryTable.Attributes(
      isDirectory: true,
      modified: DOSTime(node.modified, in: options.zone),
      // `..` in the directories of the root says 0, whatever the root's cluster is.
      firstCluster: index == 0 ? 0 : directoryClusters[index],
      size: 0
    )
  }

  /// Appends a file's data; holes in it stay holes.
  private func append(
    _ file: Selection.File,
    at cluster: Int,
    to disk: inout Disk
  ) throws(DiskError) {
    let start = geometry.offset(ofCluster: cluster)
    let content = selection.tree.content(of: file.node)
    let node = selection.tree.nodes[file.node]
    for range in selection.tree.dataRanges(of: node) {
      try disk.pad(to: start + range.lowerBound, as: .fileData)
      try disk.append(
        .source(content.source, offset: content.offset + range.lowerBound),
        count: range.count,
        as: .fileData
      )
    }
    try disk.pad(to: start + node.size, as: .fileData)
    try disk.pad(to: geometry.clusterEnd(disk.size), as: .slack)
  }
}
