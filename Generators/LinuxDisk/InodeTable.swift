import DiskModel
import FileTree

/// The inodes of all groups, one after the other, made from the tree when they
/// are read.
///
/// The inode at index 0 is inode 1.
final class InodeTable: BlockwiseSource {
  private let layout: Layout

  var unitSize: Int { layout.format.inodeSize }

  init(_ layout: Layout) {
    self.layout = layout
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let number = index + 1
    guard let inode = inode(number) else {
      output.append(zeros: unitSize)
      return
    }
    let checksum = layout.catalog.checksum?.ofInode(number)
    inode.encode(in: layout.format, checksum: checksum, into: &output)
  }

  /// Inode `number`; `nil` if it is not used.
  private func inode(_ number: Int) -> Inode? {
    switch layout.catalog.numbering.owner(of: number) {
    case .file(let file):
      return layout.attributed(file, inode(number, of: file))
    case .journal:
      guard layout.format.journalBlocks > 0 else { return nil }
      return layout.mapped(
        number,
        Inode(
          mode: 0o100600,
          size: layout.format.journalBlocks * layout.format.blockSize,
          time: Timestamp(seconds: Int64(layout.time)),
          linkCount: 1
        )
      )
    case .lostAndFound:
      return layout.mapped(
        number,
        Inode(
          mode: 0o040700,
          size: layout.contentSize(of: number),
          time: Timestamp(seconds: Int64(layout.time)),
          linkCount: 2
        )
      )
    case .reserved, .unused:
      return nil
    }
  }

  private func inode(_ number: Int, of file: Int) -> Inode {
    let numbering = layout.catalog.numbering
    let index = numbering.node(ofFile: file)
    let node = layout.catalog.tree.nodes[index]
    var inode = Inode(
      mode: node.kind.modeBits | node.permissions,
      user: node.user,
      group: node.group,
      size: node.size,
      time: node.modified,
      linkCount: numbering.linkCount(ofFile: file, in: layout.catalog.tree)
    )
    switch node.kind {
    case .regular:
      return layout.mapped(number, inode)
    case .directory:
      inode.size = layout.contentSize(of: number)
      inode.linkCount = layout.catalog.linkCount(ofDirectory: index)
      inode = layout.mapped(number, inode)
      if layout.catalog.isIndexed(index) { inode.flags |= Inode.indexFlag }
      return inode
    case .symbolicLink:
      guard node.size < 60 else { return layout.mapped(number, inode) }
      inode.block = .target(layout.catalog.tree.text[node.target])
      return inode
    case .characterDevice, .blockDevice:
      inode.block = .words(node.special.inodeWords)
      return inode
    case .fifo, .socket:
      return inode
    }
  }
}

extension Layout {
  /// Bytes of a file of whole blocks without holes.
  func contentSize(of number: Int) -> Int {
    map(of: number).runs.reduce(0) { $0 + Int($1.count) } * format.blockSize
  }
}

extension Node.Kind {
  /// The type in `i_mode`.
  var modeBits: UInt16 {
    switch self {
    case .regular: 0o100000
    case .directory: 0o040000
    case .symbolicLink: 0o120000
    case .characterDevice: 0o020000
    case .blockDevice: 0o060000
    case .fifo: 0o010000
    case .socket: 0o140000
    }
  }
}

extension Node.DeviceNumber {
  /// The number as `i_block` holds it: the old form of 8 and 8 bits in the
  /// first word, or the new one of 12 and 20 bits in the second.
  var inodeWords: InlineArray<15, UInt32> {
    var words = InlineArray<15, UInt32>(repeating: 0)
    if major < 256 && minor < 256 {
      words[0] = major << 8 | minor
    } else {
      words[1] = (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
    }
    return words
  }
}
