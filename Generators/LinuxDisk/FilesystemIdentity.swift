import CExt2FS
import DiskModel
import FileTree

/// What tells one filesystem from another, derived from what it holds: equal
/// trees with equal parameters have equal identities, on every host.
struct FilesystemIdentity: Equatable, Sendable {
  /// `s_uuid`, 16 bytes.
  var uuid: [UInt8]
  /// `s_hash_seed`, 16 bytes.
  var hashSeed: [UInt8]
  /// The MBR's disk signature.
  var diskSignature: UInt32

  /// Derives the identity of `tree` as a filesystem of `type` with `label`.
  init(of tree: Tree, type: FilesystemType, label: String) {
    var digest = ChainedDigest()
    digest.add(text: type.rawValue)
    digest.add(text: label)
    for node in tree.nodes { digest.add(node, in: tree) }
    for entry in tree.entries {
      digest.add(UInt64(entry.node))
      digest.add(tree.text[tree.name(of: entry)])
    }
    let bytes = digest.finish()
    uuid = Array(bytes[0..<16])
    // Version 8, "custom", and the variant of RFC 9562, section 5.8.
    uuid[6] = uuid[6] & 0x0F | 0x80
    uuid[8] = uuid[8] & 0x3F | 0x80
    hashSeed = Array(bytes[16..<32])
    diskSignature = bytes[32..<36].reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// SHA-512 over a stream: each piece is hashed together with the digest of
/// what came before.
private struct ChainedDigest {
  private var digest = [UInt8](repeating: 0, count: 64)
  private var pending: [UInt8] = []

  private static let pieceSize = 1 << 16

  mutating func add(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      pending.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  mutating func add(_ bytes: ArraySlice<UInt8>) {
    add(UInt64(bytes.count))
    pending.append(contentsOf: bytes)
    if pending.count >= Self.pieceSize { hashPending() }
  }

  mutating func add(text: String) {
    add(Array(text.utf8)[...])
  }

  mutating func add(_ node: Node, in tree: Tree) {
    add(UInt64(node.kind.rawValue) << 32 | UInt64(node.permissions))
    add(UInt64(node.user) << 32 | UInt64(node.group))
    add(UInt64(node.size))
    add(UInt64(bitPattern: node.modified.seconds))
    add(UInt64(node.modified.nanoseconds))
    add(UInt64(node.special.major) << 32 | UInt64(node.special.minor))
    add(tree.text[node.target])
  }

  private mutating func hashPending() {
    pending.insert(contentsOf: digest, at: 0)
    unsafe digest.withUnsafeMutableBufferPointer { digest in
      unsafe pending.withUnsafeBufferPointer { pending in
        unsafe ext2fs_sha512(pending.baseAddress, UInt(pending.count), digest.baseAddress)
      }
    }
    pending.removeAll(keepingCapacity: true)
  }

  mutating func finish() -> [UInt8] {
    hashPending()
    return digest
  }
}
