import DiskModel
import FileTree

/// The blocks that hold extended attributes, one after the other, made from the
/// tree's when they are read.
///
/// Their checksums are 0, as they are without the feature metadata_csum.
final class AttributeBlocks: BlockwiseSource {
  private let catalog: Catalog

  var unitSize: Int { blockSize }

  init(_ catalog: Catalog) {
    self.catalog = catalog
  }

  func appendUnit(_ index: Int, to output: inout OutputRawSpan) {
    let block = catalog.attributes.blocks[index]
    let attributes = catalog.attributeSplit(ofSet: Int(block.set)).inBlock
    output.append(littleEndian: AttributeArea.magic)  // 0x00 h_magic
    output.append(littleEndian: block.shareCount)  // 0x04 h_refcount
    output.append(littleEndian: UInt32(1))  // 0x08 h_blocks
    output.append(littleEndian: StoredAttribute.hash(of: attributes))  // 0x0C h_hash
    output.append(littleEndian: UInt32(0))  // 0x10 h_checksum
    output.append(zeros: 12)  // 0x14 h_reserved
    AttributeArea.block.append(attributes, to: &output)
  }
}

extension Catalog {
  /// How the extended attributes of a set of the tree are stored.
  ///
  /// - Precondition: They fit.
  func attributeSplit(ofSet set: Int) -> AttributeSplit {
    guard let split = try? AttributeSplit(tree.attributeSets[set]) else {
      preconditionFailure("what does not fit is refused before a layout is made")
    }
    return split
  }
}

extension Layout {
  /// The inode with the extended attributes of node `index` filled in.
  func attributed(_ index: Int, _ inode: Inode) -> Inode {
    let node = catalog.tree.nodes[index]
    guard node.attributes != 0 else { return inode }
    var inode = inode
    inode.attributes = catalog.attributeSplit(ofSet: Int(node.attributes)).inInode
    if let block = catalog.attributes.block(of: node, at: index) {
      inode.attributeBlock = attributeMap.location(of: block) ?? 0
      inode.blockCount += 1
    }
    return inode
  }
}
