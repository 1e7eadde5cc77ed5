import DiskModel
import FileTree
import GeneratorKit

extension FilesystemMap {
  func detail(at offset: Int) -> MapPiece {
    let next = zoneIndex(at: offset)
    if next < zones.count, zones[next].bytes.contains(offset) {
      return detail(of: zones[next], at: offset)
    }
    let place = PlacedRuns(plan, at: offset)
    if let bytes = place.current, bytes.contains(offset) {
      var found: MapPiece?
      _ = visit(place, bytes) { piece in
        found = piece
        return piece.range.upperBound <= offset
      }
      guard var found else { preconditionFailure("the pieces of a run cover it") }
      found.owner.source = found.owner.inode.flatMap { source(of: $0) }
      return found
    }
    // Free, from the end of what is before to the start of what is behind.
    let start = max(next > 0 ? zones[next - 1].bytes.upperBound : 0, place.endOfLast)
    let end = min(
      next < zones.count ? zones[next].bytes.lowerBound : size,
      place.current?.lowerBound ?? size
    )
    return MapPiece(start..<end, .free)
  }

  /// What an entry of a table is about.
  private func detail(of zone: FilesystemZone, at offset: Int) -> MapPiece {
    let part = zone.part(at: offset)
    let bytes = zone.range(ofPart: part)
    let group = zone.firstGroup + part
    let geometry = plan.geometry
    var owner = Owner(zone.kind, .metadata, group: zone.isOfGroups ? group : nil)
    func entry(_ size: Int) -> (index: Int, range: Range<Int>) {
      let index = (offset - bytes.lowerBound) / size
      let start = bytes.lowerBound + index * size
      return (index, start..<min(start + size, bytes.upperBound))
    }
    switch zone.kind {
    case .inodeTable:
      let (index, range) = entry(plan.layout.format.inodeSize)
      guard index < geometry.inodesPerGroup else { break }
      let number = group * geometry.inodesPerGroup + index + 1
      return MapPiece(range, inodeOwner(number, group: group))
    case .groupDescriptors, .backupGroupDescriptors:
      // Descriptors of 32 bytes or 64, as many as there is room for in whole blocks.
      let size = descriptorSize
      let (index, range) = entry(size)
      let isUsed = index < geometry.groups.count
      owner.note = isUsed ? "descriptor of group \(index)" : "behind the last descriptor"
      return MapPiece(range, owner)
    case .blockBitmap:
      let (index, range) = entry(1)
      let first = geometry.blocks(ofGroup: group).lowerBound + 8 * index
      owner.note = "blocks \(first) to \(first + 7)"
      return MapPiece(range, owner)
    case .inodeBitmap:
      let (index, range) = entry(1)
      guard 8 * index < geometry.inodesPerGroup else { break }
      let first = group * geometry.inodesPerGroup + 8 * index + 1
      owner.note = "inodes \(first) to \(first + 7)"
      return MapPiece(range, owner)
    default: break
    }
    return MapPiece(bytes, owner)
  }

  /// Bytes of a group descriptor, which fill the blocks that there are for them.
  private var descriptorSize: Int {
    let geometry = plan.geometry
    func blocks(_ size: Int) -> Int {
      (geometry.groups.count + plan.blockSize / size - 1) / (plan.blockSize / size)
    }
    let isWide =
      plan.layout.format.features.contains(.wideBlockNumbers) || geometry.blockCount >= 1 << 32
    return isWide && blocks(64) == geometry.descriptorBlocks ? 64 : 32
  }

  private func inodeOwner(_ number: Int, group: Int) -> Owner {
    var owner = Owner(.inode, .metadata, group: group, inode: number)
    switch plan.layout.catalog.numbering.owner(of: number) {
    case .file, .lostAndFound: owner.path = path(of: number)
    case .journal: owner.note = "of the journal"
    case .reserved: owner.note = "reserved"
    case .unused: owner.note = "unused"
    }
    if owner.path != nil { owner.source = source(of: number) }
    return owner
  }

  /// The first path of an inode.
  func path(of number: Int) -> [UInt8]? { describe(number).path }

  /// The first path of an inode, and its node if the tree has it.
  func describe(_ number: Int) -> (path: [UInt8]?, node: Node?) {
    let catalog = plan.layout.catalog
    let slash = UInt8(ascii: "/")
    switch catalog.numbering.owner(of: number) {
    case .file(let file):
      let index = catalog.numbering.node(ofFile: file)
      if file >= catalog.numbering.nodeCount {
        let share = catalog.numbering.further.shares[file - catalog.numbering.nodeCount]
        return ([slash] + path(ofEntry: Int(share.firstEntry)), catalog.tree.nodes[index])
      }
      return ([slash] + catalog.tree.relativePath(of: index), catalog.tree.nodes[index])
    case .lostAndFound: return ([slash] + Catalog.lostAndFoundName, nil)
    case .journal, .reserved, .unused: return (nil, nil)
    }
  }

  /// The path of a name that is not the first of its file: its directory is looked for.
  private func path(ofEntry index: Int) -> [UInt8] {
    let tree = plan.layout.catalog.tree
    let name = tree.text[tree.name(of: tree.entries[index])]
    guard let parent = tree.nodes.firstIndex(where: { $0.children.contains(index) }), parent > 0
    else { return Array(name) }
    return tree.relativePath(of: parent) + [UInt8(ascii: "/")] + name
  }

  /// Where an inode comes from on the host.
  private func source(of number: Int) -> String? {
    guard case .file(let file) = plan.layout.catalog.numbering.owner(of: number) else { return nil }
    let catalog = plan.layout.catalog
    return catalog.tree.path(of: catalog.numbering.node(ofFile: file))
  }
}
