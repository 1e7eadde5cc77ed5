import DiskModel
import FileTree

/// Which extended attributes of a file are in its inode, and which in a block.
///
/// As much as fits goes into the inode, so that the rest needs a block only if it
/// must, and fits into it if it can.
struct AttributeSplit {
  var inInode: [StoredAttribute] = []
  var inBlock: [StoredAttribute] = []

  /// Why attributes cannot be stored.
  enum Misfit: Error, Equatable, CustomStringConvertible {
    /// They have so many bytes, more than inode and block hold.
    case tooLarge(Int, inodeRoom: Int, blockRoom: Int)
    /// The value of this one cannot be understood.
    case malformed([UInt8])

    var description: String {
      let advice = "xattrs=skip leaves all of them out"
      switch self {
      case .tooLarge(let size, let inodeRoom, let blockRoom):
        return "has \(size) bytes of extended attributes; such inodes and blocks hold "
          + "\(inodeRoom + blockRoom) at most, and \(max(inodeRoom, blockRoom)) in one; " + advice
      case .malformed(let name):
        let name = HostPath.printable(name)
        return "has an extended attribute \(name) that cannot be understood; \(advice)"
      }
    }
  }

  /// The sets of a tree that cannot be stored, by their numbers.
  static func misfits(in tree: Tree, _ format: Format) -> [UInt32: Misfit] {
    var misfits: [UInt32: Misfit] = [:]
    for (index, set) in tree.attributeSets.enumerated() {
      do throws(Misfit) {
        _ = try AttributeSplit(set, format)
      } catch {
        misfits[UInt32(index)] = error
      }
    }
    return misfits
  }

  /// Splits a set; the same set is split the same way every time.
  init(_ set: AttributeSet, _ format: Format) throws(Misfit) {
    let inodeRoom = AttributeArea.inode(format).room
    let blockRoom = AttributeArea.block(format).room
    var all: [StoredAttribute] = []
    for attribute in set.attributes {
      guard let stored = StoredAttribute(attribute) else {
        throw .malformed(Array(attribute.name))
      }
      all.append(stored)
    }
    all.sort { $0.precedes($1) }
    let size = all.reduce(0) { $0 + $1.size }
    if size <= inodeRoom {
      inInode = all
      return
    }
    let chosen = Self.fullest(all, room: inodeRoom)
    for (index, attribute) in all.enumerated() {
      if chosen.contains(index) { inInode.append(attribute) } else { inBlock.append(attribute) }
    }
    let rest = inBlock.reduce(0) { $0 + $1.size }
    guard rest <= blockRoom else {
      throw .tooLarge(size, inodeRoom: inodeRoom, blockRoom: blockRoom)
    }
  }

  /// Which attributes fill most of `room` bytes; of several answers, the one that
  /// is found first.
  private static func fullest(_ attributes: [StoredAttribute], room: Int) -> [Int] {
    let unit = StoredAttribute.unit
    // The last that is chosen, by the size of all that are, in units.
    var last = [Int?](repeating: nil, count: room / unit + 1)
    for (index, attribute) in attributes.enumerated() where attribute.size <= room {
      let size = attribute.size / unit
      for total in stride(from: room / unit, through: size, by: -1)
      where last[total] == nil && (total == size || last[total - size] != nil) {
        last[total] = index
      }
    }
    var chosen: [Int] = []
    var total = last.lastIndex { $0 != nil } ?? 0
    while total > 0, let index = last[total] {
      chosen.append(index)
      total -= attributes[index].size / unit
    }
    return chosen
  }
}
