import FileTree

/// What tells one filesystem from another, derived from what it holds: equal
/// trees and parameters give equal identities, on every host.
struct FilesystemIdentity: Equatable, Sendable {
  /// `s_uuid`, 16 bytes.
  var uuid: [UInt8]
  /// `s_hash_seed`, 16 bytes.
  var hashSeed: [UInt8]
  /// The MBR's disk signature.
  var diskSignature: UInt32

  /// Derives the identity of `tree` as a filesystem of `type` with `label`.
  init(of tree: Tree, type: FilesystemType, label: String) {
    let bytes = TreeDigest.digest(of: tree, with: [type.rawValue, label])
    uuid = TreeDigest.uuid(bytes[0..<16])
    hashSeed = Array(bytes[16..<32])
    diskSignature = bytes[32..<36].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
