public import DiskModel

/// A map that is put together from parts, one after the other.
public struct MapParts: DiskMap {
  private var parts: [Part] = []

  /// Size of what was appended so far, in bytes.
  public private(set) var size = 0

  private struct Part {
    var start: Int
    var content: Content
  }

  private enum Content {
    case owner(Owner)
    case map(any DiskMap)
  }

  /// A map of nothing, to append to.
  public init() {}

  /// Appends bytes that belong to one owner.
  ///
  /// - Precondition: `count` is not negative, and the disk less than 2^63 bytes.
  public mutating func append(_ owner: Owner, count: Int) {
    guard count > 0 else { return }
    parts.append(Part(start: size, content: .owner(owner)))
    size += count
  }

  /// Appends all that another map is of.
  public mutating func append(_ map: any DiskMap) {
    guard map.size > 0 else { return }
    parts.append(Part(start: size, content: .map(map)))
    size += map.size
  }

  /// Appends bytes that nothing uses, up to an offset; no bytes if the map reaches it.
  public mutating func appendFree(upTo end: Int) {
    append(.free, count: max(0, end - size))
  }

  /// The files of all parts.
  public var files: FileTotals? {
    let totals = parts.compactMap { part in
      if case .map(let map) = part.content { map.files } else { nil }
    }
    guard let first = totals.first else { return nil }
    return totals.dropFirst().reduce(first) {
      FileTotals(count: $0.count + $1.count, size: $0.size + $1.size)
    }
  }

  /// Visits the pieces of all parts in order, until `body` returns `false`.
  public func visit(_ range: Range<Int>, _ body: (MapPiece) -> Bool) -> Bool {
    guard !range.isEmpty else { return true }
    for index in partIndex(at: range.lowerBound)..<parts.count {
      let bounds = self.range(ofPart: index)
      let covered = bounds.clamped(to: range)
      guard !covered.isEmpty else { break }
      switch parts[index].content {
      case .owner(let owner):
        guard body(MapPiece(bounds, owner).clamped(to: range)) else { return false }
      case .map(let map):
        let start = bounds.lowerBound
        let inside = covered.lowerBound - start..<covered.upperBound - start
        guard map.visit(inside, { body($0.moved(by: start)) }) else { return false }
      }
    }
    return true
  }

  /// Tells of one byte what its part does.
  public func detail(at offset: Int) -> MapPiece {
    let index = partIndex(at: offset)
    let bounds = range(ofPart: index)
    switch parts[index].content {
    case .owner(let owner): return MapPiece(bounds, owner)
    case .map(let map):
      return map.detail(at: offset - bounds.lowerBound).moved(by: bounds.lowerBound)
    }
  }

  private func range(ofPart index: Int) -> Range<Int> {
    parts[index].start..<(index + 1 < parts.count ? parts[index + 1].start : size)
  }

  /// The part that has a byte: there are few.
  private func partIndex(at offset: Int) -> Int {
    precondition(0 <= offset && offset < size, "the offset lies on the disk")
    return (parts.firstIndex { $0.start > offset } ?? parts.count) - 1
  }
}

extension PartitionLayout {
  /// The map of a disk with one partition.
  ///
  /// - Parameters:
  ///   - filesystem: What is in the partition, from its start on.
  ///   - partition: The bytes of the partition.
  ///   - size: Size of the disk; what is left at its end is free.
  /// - Returns: The map of all of the disk.
  public func map(
    around filesystem: any DiskMap,
    in partition: Range<Int>,
    size: Int
  ) -> MapParts {
    let sector = MasterBootRecord.sectorSize
    let entries = (GUIDPartitionTable.trailingSectors - 1) * sector
    func table(_ note: String) -> Owner {
      Owner(.partitionTable, .metadata, note: note)
    }
    var parts = MapParts()
    switch self {
    case .none: break
    case .mbr:
      parts.append(table("master boot record"), count: sector)
    case .gpt:
      parts.append(table("protective MBR"), count: sector)
      parts.append(table("GPT header"), count: sector)
      parts.append(table("GPT entries"), count: entries)
    }
    parts.appendFree(upTo: partition.lowerBound)
    parts.append(filesystem)
    parts.appendFree(upTo: partition.upperBound)
    if self != .none { parts.appendFree(upTo: (parts.size + sector - 1) / sector * sector) }
    if self == .gpt {
      parts.append(table("GPT entries, second copy"), count: entries)
      parts.append(table("GPT header, second copy"), count: sector)
    }
    parts.appendFree(upTo: size)
    return parts
  }
}

extension Owner.Kind {
  /// Where partitions are.
  public static let partitionTable = Owner.Kind(rawValue: "partition table")
}
