import DiskModel
import FileTree
import GeneratorKit

/// What a format cannot hold of a tree, and what it changes of it.
struct TreeLimits {
  let tree: Tree
  let format: Format

  /// Everything that does not fit, with paths.
  func problems() -> [ScanFailure.Problem] {
    var problems: [ScanFailure.Problem] = []
    let misfits = AttributeSplit.misfits(in: tree, format)
    for (index, node) in tree.nodes.enumerated() {
      var causes: [String] = []
      if node.kind == .regular && node.size > format.fileSizeLimit { causes.append(tooLarge) }
      if node.kind == .symbolicLink && node.size > format.targetLimit {
        causes.append(
          "a symbolic link to \(node.size) bytes; blocks of \(format.blockSize) hold "
            + "\(format.targetLimit), and block-size=4096 holds all"
        )
      }
      if node.attributes != 0, let misfit = misfits[node.attributes] {
        causes.append(misfit.description)
      }
      problems += causes.map { .init(path: tree.path(of: index), cause: $0) }
    }
    return problems
  }

  private var tooLarge: String {
    let advice: String
    if !format.features.contains(.largeFile) {
      advice = "; the feature large_file holds larger ones"
    } else if format.type != .ext4 {
      advice = "; type=ext4 holds larger ones"
    } else if format.usesExtents && format.features.contains(.hugeFile) {
      advice = format.blockSize < 4096 ? "; block-size=4096 holds larger ones" : ""
    } else {
      advice = "; the features extent and huge_file hold larger ones"
    }
    return "too large for \(format.type.rawValue), which holds files up to "
      + Size.describe(format.fileSizeLimit) + advice
  }

  /// What the user should know, a line each; usually nothing.
  func notes(_ numbering: InodeNumbering) -> [String] {
    var notes: [String] = []
    let count = numbering.further.fileCount
    if count > 0 {
      let files = count == 1 ? "1 file has" : "\(count) files have"
      notes.append(
        "\(files) more than \(Inode.linkLimit) hard links, the most of an ext filesystem, and "
          + "\(count == 1 ? "becomes" : "become") several files with the same content"
      )
    }
    if format.inodeSize == 128 {
      notes.append("inodes of 128 bytes keep times in whole seconds, from 1901 to 2038")
    }
    return notes
  }
}
