/// What was planned of a filesystem: enough to tell what lies where.
///
/// Next to nothing of it is kept for that alone.
struct FilesystemPlan: Sendable {
  let layout: Layout
  /// Where libext2fs put things.
  let geometry: Geometry
  /// What was placed in the blocks that it left free, ascending.
  let placements: [LayoutBuilder.Placement]

  init(_ layout: Layout, geometry: Geometry, placements: [LayoutBuilder.Placement]) {
    self.layout = layout
    self.geometry = geometry
    self.placements = placements
  }

  var blockSize: Int { layout.format.blockSize }

  /// The first block of a placement.
  func firstBlock(of placement: LayoutBuilder.Placement) -> Int {
    let number = Int(placement.inode)
    if number == 0 { return layout.attributeMap.runs.first?.physical ?? 0 }
    let map = layout.map(of: number)
    let first = placement.isMap ? map.mapBlocks?.locations.first?.lowerBound : nil
    return first ?? map.runs.first?.physical ?? 0
  }

  /// The blocks of a placement, ascending.
  func runs(of placement: LayoutBuilder.Placement) -> [Run] {
    let number = Int(placement.inode)
    if number == 0 { return Array(layout.attributeMap.runs) }
    let map = layout.map(of: number)
    guard placement.isMap else { return Array(map.runs) }
    var runs: [Run] = []
    var logical = 0
    for location in map.mapBlocks?.locations ?? [] {
      runs.append(
        Run(logical: UInt32(logical), count: UInt32(location.count), physical: location.lowerBound)
      )
      logical += location.count
    }
    return runs
  }

  /// The placement that has a block, or the first one behind it.
  func placementIndex(at block: Int) -> Int {
    var low = 0
    var high = placements.count
    while low < high {
      let middle = (low + high) / 2
      if firstBlock(of: placements[middle]) <= block { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }
}
