import DiskModel
import FileTree

/// The blocks that hold extended attributes, one after the other, made from the
/// tree's when they are read.
final class AttributeBlocks: BlockwiseSource {
  private let catalog: Catalog
  /// Where they are.
  private let map: FileMap

  var unitSize: Int { catalog.format.blockSize }

  init(_ layout: Layout) {
    catalog = layout.catalog
    map = layout.attributeMap
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let block = catalog.attributes.blocks[index]
    let attributes = catalog.attributeSplit(ofSet: Int(block.set)).inBlock
    let start = output.byteCount
    output.append(littleEndian: AttributeArea.magic)  // 0x00 h_magic
    output.append(littleEndian: block.shareCount)  // 0x04 h_refcount
    output.append(littleEndian: UInt32(1))  // 0x08 h_blocks
    output.append(littleEndian: StoredAttribute.hash(of: attributes))  // 0x0C h_hash
    output.append(littleEndian: UInt32(0))  // 0x10 h_checksum
    output.append(zeros: 12)  // 0x14 h_reserved
    AttributeArea.block(catalog.format).append(attributes, to: &output)
    guard var checksum = catalog.checksum else { return }
    checksum.add(littleEndian: UInt64(map.location(of: index) ?? 0))
    checksum.add(output.bytes.extracting(start..<output.byteCount))
    output.replace(at: start + 0x10, by: checksum.value)
  }
}

extension Catalog {
  /// How the extended attributes of a set of the tree are stored.
  ///
  /// - Precondition: They fit.
  func attributeSplit(ofSet set: Int) -> AttributeSplit {
    guard let split = try? AttributeSplit(tree.attributeSets[set], format) else {
      preconditionFailure("what does not fit is refused before a layout is made")
    }
    return split
  }
}

extension Layout {
  /// The inode with the extended attributes of file `file` filled in.
  func attributed(_ file: Int, _ inode: Inode) -> Inode {
    let node = catalog.tree.nodes[catalog.numbering.node(ofFile: file)]
    guard node.attributes != 0 else { return inode }
    var inode = inode
    inode.attributes = catalog.attributeSplit(ofSet: Int(node.attributes)).inInode
    if let block = catalog.attributes.block(of: node, at: file) {
      inode.attributeBlock = attributeMap.location(of: block) ?? 0
      inode.blockCount += 1
    }
    return inode
  }
}
