import DiskModel
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
  /// Identify the disk and its partition in a GUID partition table.
  var diskGUID: GUID
  var partitionGUID: GUID

  /// Derives the identity of `tree` as a filesystem with `label`; a chosen UUID is that
  /// of the filesystem.
  init(of tree: Tree, _ format: Format, label: String, uuid chosen: [UInt8]? = nil) {
    let texts = [format.type.rawValue, label] + format.differences
    let bytes = TreeDigest.digest(of: tree, with: texts)
    uuid = chosen ?? TreeDigest.uuid(bytes[0..<16])
    hashSeed = Array(bytes[16..<32])
    diskSignature = bytes[32..<36].reduce(0) { $0 << 8 | UInt32($1) }
    // A disk has either these or the signature.
    diskGUID = GUID(bytes: TreeDigest.uuid(bytes[32..<48]))
    partitionGUID = GUID(bytes: TreeDigest.uuid(bytes[48..<64]))
  }
}
