import DiskModel
import FileTree
import GeneratorKit

/// What tells one filesystem from another, derived from what it holds: equal
/// trees and parameters give equal identities, on every host.
struct FilesystemIdentity: Equatable, Sendable {
  /// `s_uuid`, 16 bytes.
  var uuid: [UInt8]
  /// `s_hash_seed`, 16 bytes, which derives from the parameters alone.
  var hashSeed: [UInt8]
  /// The MBR's disk signature.
  var diskSignature: UInt32
  /// Identify the disk and its partition in a GUID partition table.
  var diskGUID: GUID
  var partitionGUID: GUID
  /// What the tree is, and the format.
  private let digest: [UInt8]

  /// Derives the identity of `tree` as a filesystem with `label`; a chosen UUID is that
  /// of the filesystem.
  init(of tree: Tree, _ format: Format, label: String, uuid chosen: [UInt8]? = nil) {
    let texts = [format.type.rawValue, label] + format.differences
    let bytes = TreeDigest.digest(of: tree, with: texts)
    digest = bytes
    uuid = chosen ?? TreeDigest.uuid(bytes[0..<16])
    // Not of the tree: one file more or less must not change the order of all others in
    // indexed directories.
    hashSeed = Array(TreeDigest.digest(of: ["hash seed"] + texts)[..<16])
    diskSignature = bytes[32..<36].reduce(0) { $0 << 8 | UInt32($1) }
    // A disk has either these or the signature.
    diskGUID = GUID(bytes: TreeDigest.uuid(bytes[32..<48]))
    partitionGUID = GUID(bytes: TreeDigest.uuid(bytes[48..<64]))
  }

  /// Parameters that say where a tree comes from, rather than what it is like.
  private static let places: Set<String> = [
    "dir", "tar", "oci", "image", "platform", "manifest", "manifest-format", "owner", "mode-mask",
    "exclude", "include", "xattrs", "on-change", "snapshot",
  ]

  /// Tells the recipe of the disk from all others: the tree, wherever it comes from, and
  /// the parameters.
  func recipe(_ parameters: Parameters, time: UInt32) -> String {
    let texts = [hexadecimal(digest[...]), "\(time)"] + parameters.words(without: Self.places)
    return hexadecimal(TreeDigest.digest(of: ["recipe"] + texts)[..<16])
  }

  private func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
