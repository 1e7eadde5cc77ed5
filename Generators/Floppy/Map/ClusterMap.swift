import DiskModel
import FileTree
import GeneratorKit

/// What is in the clusters of a FAT filesystem; it begins with cluster 2.
///
/// They are used from the first one on without gaps, by one file or directory after
/// the other.
final class ClusterMap: DiskMap {
  let geometry: Geometry
  private let selection: Selection

  /// The last clusters of all who have some, ascending.
  private let lastClusters: [UInt32]

  /// Who they are, in the same order.
  private let users: [User]

  /// The names of directories, in UTF-16; empty for the root.
  private let directoryNames: [[UInt16]]

  private struct User {
    var directory: UInt32
    /// The entry of the directory; `nil` for the directory itself.
    var entry: UInt32?
  }

  init(_ assembly: FloppyAssembly) {
    geometry = assembly.geometry
    selection = assembly.selection
    lastClusters = assembly.lastClusters
    var users: [User] = []
    var names = [[UInt16]](repeating: [], count: selection.directories.count)
    for (index, cluster) in assembly.directoryClusters.enumerated() where cluster > 0 {
      users.append(User(directory: UInt32(index)))
    }
    for (index, directory) in selection.directories.enumerated() {
      for (number, file) in directory.entries.enumerated() {
        if let child = file.directory { names[child] = file.name }
        guard assembly.fileClusters[index][number] > 0 else { continue }
        users.append(User(directory: UInt32(index), entry: UInt32(number)))
      }
    }
    precondition(users.count == lastClusters.count, "every user has a last cluster")
    self.users = users
    directoryNames = names
  }

  var size: Int { (geometry.totalSectors - geometry.dataStart) * sectorSize }

  var files: FileTotals? {
    var totals = FileTotals()
    for user in users {
      guard let entry = user.entry else { continue }
      totals.count += 1
      totals.size += node(of: user, entry).size
    }
    return totals
  }

  func visit(_ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool {
    guard !range.isEmpty else { return true }
    for index in userIndex(ofCluster: range.lowerBound / geometry.clusterSize + 2)..<users.count {
      let bytes = bytes(ofUser: index)
      guard bytes.lowerBound < range.upperBound else { return true }
      for piece in pieces(ofUser: index, bytes) where piece.range.overlaps(range) {
        guard body(piece.clamped(to: range)) else { return false }
      }
    }
    let end = lastClusters.last.map { Int($0) - 1 } ?? 0
    let free = (end * geometry.clusterSize..<size).clamped(to: range)
    return free.isEmpty || body(MapPiece(free, .free))
  }

  func detail(at offset: Int) -> MapPiece {
    let cluster = offset / geometry.clusterSize + 2
    let index = userIndex(ofCluster: cluster)
    guard index < users.count else {
      let start = (cluster - 2) * geometry.clusterSize
      let end = min(size, start + geometry.clusterSize)
      var owner = Owner.free
      owner.note = cluster < geometry.clusterCount + 2 ? "cluster \(cluster)" : nil
      return MapPiece(start..<end, owner)
    }
    let pieces = pieces(ofUser: index, bytes(ofUser: index))
    guard var piece = pieces.first(where: { $0.range.contains(offset) }) else {
      preconditionFailure("the pieces of a user cover its clusters")
    }
    let user = users[index]
    let node = user.entry.map { selection.directories[Int(user.directory)].entries[Int($0)].node }
    piece.owner.note = "cluster \(cluster)"
    piece.owner.source = selection.tree.path(
      of: node ?? selection.directories[Int(user.directory)].node
    )
    return piece
  }

  /// Whose a cluster is; `nil` if it is free.
  func owner(ofCluster cluster: Int) -> Owner? {
    let index = userIndex(ofCluster: cluster)
    guard index < users.count else { return nil }
    return pieces(ofUser: index, bytes(ofUser: index)).first?.owner
  }

  /// The user that has a cluster; their number if it is free.
  private func userIndex(ofCluster cluster: Int) -> Int {
    var low = 0
    var high = lastClusters.count
    while low < high {
      let middle = (low + high) / 2
      if Int(lastClusters[middle]) < cluster { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func bytes(ofUser index: Int) -> Range<Int> {
    let first = index == 0 ? 2 : Int(lastClusters[index - 1]) + 1
    return (first - 2) * geometry.clusterSize..<(Int(lastClusters[index]) - 1)
      * geometry.clusterSize
  }

  private func node(of user: User, _ entry: UInt32) -> Node {
    let file = selection.directories[Int(user.directory)].entries[Int(entry)]
    return selection.tree.nodes[file.node]
  }

  /// The pieces of a file or directory: its content, and what is left of its last
  /// cluster.
  private func pieces(ofUser index: Int, _ bytes: Range<Int>) -> [MapPiece] {
    let user = users[index]
    let directory = Int(user.directory)
    guard let entry = user.entry else {
      let kind: Owner.Kind = directory == 0 ? .rootDirectory : .directory
      let path = path(ofDirectory: directory)
      return [MapPiece(bytes, Owner(kind, .metadata, path: path, offset: 0))]
    }
    let size = node(of: user, entry).size
    let name = selection.directories[directory].entries[Int(entry)].name
    let path = join(path(ofDirectory: directory), name)
    let end = bytes.lowerBound + size
    let data = Owner(.file, .fileData, path: path, offset: 0, size: size)
    let piece = MapPiece(bytes.lowerBound..<end, data)
    guard end < bytes.upperBound else { return [piece] }
    return [piece, MapPiece(end..<bytes.upperBound, Owner(.slack, .slack, path: path))]
  }

  private func path(ofDirectory index: Int) -> [UInt8] {
    guard index > 0 else { return [UInt8(ascii: "/")] }
    return join(path(ofDirectory: selection.directories[index].parent), directoryNames[index])
  }

  private func join(_ parent: [UInt8], _ name: [UInt16]) -> [UInt8] {
    let separator = parent.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
    return parent + separator + String(decoding: name, as: UTF16.self).utf8
  }
}
