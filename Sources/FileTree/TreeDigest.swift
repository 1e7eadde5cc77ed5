import CCrypto
import DiskModel

/// What a tree is, in 64 bytes: names and attributes, as a filesystem shows them,
/// and nothing that differs from host to host.
///
/// It is SHA-512 over a stream, each piece hashed together with the digest of what
/// came before.
package struct TreeDigest {
  private var digest = [UInt8](repeating: 0, count: 64)
  private var pending: [UInt8] = []

  private static let pieceSize = 1 << 16

  /// The digest of `tree`, and of texts that say what is made of it.
  package static func digest(of tree: Tree, with texts: [String]) -> [UInt8] {
    var digest = TreeDigest()
    for text in texts { digest.add(text: text) }
    for node in tree.nodes { digest.add(node, in: tree) }
    for entry in tree.entries {
      digest.add(UInt64(entry.node))
      digest.add(tree.text[tree.name(of: entry)])
    }
    if tree.attributeSets.count > 1 { digest.addAttributes(of: tree) }
    return digest.finish()
  }

  /// The digest of texts.
  package static func digest(of texts: [String]) -> [UInt8] {
    var digest = TreeDigest()
    for text in texts { digest.add(text: text) }
    return digest.finish()
  }

  /// A UUID of 16 bytes of a digest: version 8, "custom", and the variant of
  /// RFC 9562, section 5.8.
  package static func uuid(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var uuid = Array(bytes)
    uuid[6] = uuid[6] & 0x0F | 0x80
    uuid[8] = uuid[8] & 0x3F | 0x80
    return uuid
  }

  private mutating func add(_ value: UInt64) {
    unsafe withUnsafeBytes(of: value.littleEndian) { bytes in
      unsafe pending.append(contentsOf: bytes)
    }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) {
    add(UInt64(bytes.count))
    pending.append(contentsOf: bytes)
    if pending.count >= Self.pieceSize { hashPending() }
  }

  private mutating func add(text: String) {
    add(Array(text.utf8)[...])
  }

  private mutating func add(_ node: Node, in tree: Tree) {
    add(UInt64(node.kind.rawValue) << 32 | UInt64(node.permissions))
    add(UInt64(node.user) << 32 | UInt64(node.group))
    add(UInt64(node.size))
    add(UInt64(bitPattern: node.modified.seconds))
    add(UInt64(node.modified.nanoseconds))
    add(UInt64(node.special.major) << 32 | UInt64(node.special.minor))
    add(tree.text[node.target])
  }

  private mutating func addAttributes(of tree: Tree) {
    add(text: "extended attributes")
    add(UInt64(tree.attributeSets.count))
    for set in tree.attributeSets { add(set.bytes[...]) }
    for node in tree.nodes { add(UInt64(node.attributes)) }
    add([])
  }

  private mutating func hashPending() {
    var context = SHA512_CTX()
    let isDone = unsafe digest.withUnsafeMutableBufferPointer { digest in
      unsafe pending.withUnsafeBufferPointer { pending in
        unsafe SHA512_Init(&context) == 1
          && SHA512_Update(&context, digest.baseAddress, digest.count) == 1
          && SHA512_Update(&context, pending.baseAddress, pending.count) == 1
          && SHA512_Final(digest.baseAddress, &context) == 1
      }
    }
    precondition(isDone, "a digest needs nothing that could lack")
    pending.removeAll(keepingCapacity: true)
  }

  private mutating func finish() -> [UInt8] {
    hashPending()
    return digest
  }
}
