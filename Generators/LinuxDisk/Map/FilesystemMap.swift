import DiskModel
import FileTree
import GeneratorKit

/// What lies where in an ext filesystem.
///
/// Three lists in ascending order are walked side by side: what libext2fs took, what
/// was placed, and between them what is free.
struct FilesystemMap: DiskMap {
  let plan: FilesystemPlan
  let zones: [FilesystemZone]

  init(_ plan: FilesystemPlan) {
    self.plan = plan
    zones = FilesystemZone.zones(of: plan.geometry)
  }

  var size: Int { plan.geometry.blockCount * plan.blockSize }

  var files: FileTotals? {
    let catalog = plan.layout.catalog
    var totals = FileTotals()
    for file in 0..<catalog.numbering.fileCount {
      let node = catalog.tree.nodes[catalog.numbering.node(ofFile: file)]
      guard node.kind == .regular else { continue }
      let runs = plan.layout.map(of: catalog.numbering.inode(of: file)).runs
      totals.count += runs.isEmpty ? 0 : 1
      for run in runs {
        let start = Int(run.logical) * plan.blockSize
        totals.size += min(Int(run.count) * plan.blockSize, node.size - start)
      }
    }
    return totals
  }

  func visit(_ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool {
    guard !range.isEmpty else { return true }
    var position = range.lowerBound
    var zone = zoneIndex(at: position)
    var place = PlacedRuns(plan, at: position)
    while position < range.upperBound {
      let zoneStart = zone < zones.count ? zones[zone].bytes.lowerBound : .max
      let placedStart = place.current?.lowerBound ?? .max
      if zoneStart <= position {
        let part = zones[zone].bytes.clamped(to: position..<range.upperBound)
        guard visit(zones[zone], part, body) else { return false }
        position = part.upperBound
        zone += 1
      } else if placedStart <= position {
        let part = position..<min(place.current?.upperBound ?? 0, range.upperBound)
        guard visit(place, part, body) else { return false }
        position = part.upperBound
        place.advance()
      } else {
        let end = min(zoneStart, placedStart, range.upperBound)
        guard body(MapPiece(position..<end, .free)) else { return false }
        position = end
      }
    }
    return true
  }

  /// The zone that has a byte, or the first one behind it.
  func zoneIndex(at offset: Int) -> Int {
    var low = 0
    var high = zones.count
    while low < high {
      let middle = (low + high) / 2
      if zones[middle].bytes.upperBound <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func visit(
    _ zone: FilesystemZone,
    _ range: Range<Int>,
    _ body: (MapPiece) -> Bool
  ) -> Bool {
    for part in zone.part(at: range.lowerBound)...zone.part(at: range.upperBound - 1) {
      let group = zone.isOfGroups ? zone.firstGroup + part : nil
      let piece = MapPiece(zone.range(ofPart: part), Owner(zone.kind, .metadata, group: group))
      guard body(piece.clamped(to: range)) else { return false }
    }
    return true
  }

  func visit(
    _ place: PlacedRuns,
    _ range: Range<Int>,
    _ body: (MapPiece) -> Bool
  ) -> Bool {
    guard let run = place.run, let bytes = place.current else { return true }
    let number = Int(place.inode)
    if number == 0 { return visitAttributes(run, range, body) }
    let (path, node) = describe(number)
    var owner = Owner(.directory, .metadata, inode: number, path: path)
    if place.isMap {
      owner.kind = plan.layout.format.usesExtents ? .extentTree : .indirectBlocks
      return body(MapPiece(bytes, owner).clamped(to: range))
    }
    owner.offset = Int(run.logical) * plan.blockSize
    guard let node, node.kind != .directory else {
      if number == InodeNumbering.journal { owner.kind = .journal }
      return body(MapPiece(bytes, owner).clamped(to: range))
    }
    owner.kind = node.kind == .symbolicLink ? .symbolicLink : .file
    owner.role = .fileData
    owner.size = node.size
    let used = min(bytes.count, node.size - Int(run.logical) * plan.blockSize)
    let end = bytes.lowerBound + used
    let data = MapPiece(bytes.lowerBound..<end, owner)
    if range.lowerBound < end, !body(data.clamped(to: range)) { return false }
    guard end < range.upperBound else { return true }
    let slack = Owner(.slack, .slack, inode: number, path: path)
    return body(MapPiece(end..<bytes.upperBound, slack).clamped(to: range))
  }

  /// Visits blocks with extended attributes, each of which is some files'.
  private func visitAttributes(
    _ run: Run,
    _ range: Range<Int>,
    _ body: (MapPiece) -> Bool
  ) -> Bool {
    let blockSize = plan.blockSize
    for block in range.lowerBound / blockSize...(range.upperBound - 1) / blockSize {
      let index = Int(run.logical) + block - run.physical
      let attributes = plan.layout.catalog.attributes.blocks[index]
      let number = plan.layout.catalog.numbering.inode(of: Int(attributes.firstFile))
      var owner = Owner(.extendedAttributes, .metadata, inode: number, path: path(of: number))
      if attributes.shareCount > 1 { owner.note = "shared by \(attributes.shareCount) files" }
      let piece = MapPiece(block * blockSize..<(block + 1) * blockSize, owner)
      guard body(piece.clamped(to: range)) else { return false }
    }
    return true
  }
}

/// A walk over all blocks that were placed, ascending.
struct PlacedRuns {
  private let plan: FilesystemPlan
  private var index: Int
  private var runs: [Run] = []
  private var runIndex = 0

  /// Starts with the run that has a byte, or the first one behind it.
  init(_ plan: FilesystemPlan, at offset: Int) {
    self.plan = plan
    index = plan.placementIndex(at: offset / plan.blockSize)
    load()
    while let current, current.upperBound <= offset { advance() }
  }

  /// The blocks that it is at; `nil` at the end.
  var run: Run? { runIndex < runs.count ? runs[runIndex] : nil }

  /// The same in bytes.
  var current: Range<Int>? {
    run.map { $0.physical * plan.blockSize..<($0.physical + Int($0.count)) * plan.blockSize }
  }

  /// Where the blocks end that are before it, in bytes; 0 if there are none.
  var endOfLast: Int {
    var last = run == nil ? runs.last : nil
    if runIndex > 0 && run != nil {
      last = runs[runIndex - 1]
    } else if run != nil && index > 0 {
      last = plan.runs(of: plan.placements[index - 1]).last
    }
    return last.map { ($0.physical + Int($0.count)) * plan.blockSize } ?? 0
  }

  /// The inode of the blocks; 0 for extended attributes.
  var inode: UInt32 { plan.placements[index].inode }

  /// Whether they hold the inode's map.
  var isMap: Bool { plan.placements[index].isMap }

  mutating func advance() {
    runIndex += 1
    while runIndex >= runs.count && index + 1 < plan.placements.count {
      index += 1
      load()
    }
  }

  private mutating func load() {
    runIndex = 0
    runs = index < plan.placements.count ? plan.runs(of: plan.placements[index]) : []
  }
}
