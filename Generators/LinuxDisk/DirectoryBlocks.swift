import DiskModel
import FileTree

/// The blocks of a directory, made from the tree when they are read.
///
/// Layout: "Linear (Classic) Directories" in the kernel's ext4 documentation.
final class DirectoryBlocks: BlockwiseSource {
  private let catalog: Catalog
  private let directory: Directory
  private let plan: DirectoryPlan

  var unitSize: Int { blockSize }

  init(_ directory: Directory, in catalog: Catalog, plan: DirectoryPlan) {
    self.catalog = catalog
    self.directory = directory
    self.plan = plan
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let start = output.byteCount
    let first = Int(plan.firstEntries[index])
    let isLast = index + 1 == plan.blockCount
    let end = isLast ? catalog.entryCount(of: directory) : Int(plan.firstEntries[index + 1])
    for number in first..<end {
      let entry = catalog.entry(number, of: directory)
      let needed = DirectoryPlan.entrySize(nameLength: entry.name.count)
      // The last entry reaches to the end of the block.
      let size = number + 1 < end ? needed : blockSize - (output.byteCount - start)
      output.append(littleEndian: UInt32(truncatingIfNeeded: entry.inode))
      output.append(littleEndian: UInt16(size))
      output.append(UInt8(entry.name.count))
      output.append(entry.type.rawValue)
      for byte in entry.name { output.append(byte) }
      output.append(zeros: size - 8 - entry.name.count)
    }
  }
}

/// A directory of the filesystem.
enum Directory: Sendable {
  /// A directory of the tree.
  case node(Int)
  /// The lost+found that the tree lacks.
  case lostAndFound
}
