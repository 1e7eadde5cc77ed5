import Foundation
import TestSupport
import Testing

/// A served mixed tree, and what its disk holds.
enum ClientDisk {
  /// The tree: everything but what is many or large.
  static func tree() throws -> RawPath { try treeResult.get().root }

  private static let treeResult = Result { try MixedTree(isFull: false) }

  /// Serves it.
  static func serve(
    over transport: NbdgenProcess.Transport = .unix,
    _ parameters: [String] = []
  ) throws -> NbdgenProcess {
    try NbdgenProcess(["linuxdisk", "\(try tree())"] + parameters, over: transport)
  }

  /// The path of a file with what `qemu-img convert` makes of the disk.
  static func reference() throws -> String { try referenceResult.get() }

  private static let referenceResult = Result {
    let path = try TemporaryDirectory.shared()("reference")
    let server = try serve()
    try Program("qemu-img").succeed(["convert", "-f", "raw", "-O", "raw", server.uri, path])
    try server.stop()
    return path
  }

  /// Expects that a file is the same as the reference, byte for byte.
  static func expectReference(_ path: String) throws {
    let outcome = try Program("cmp").run([path, reference()])
    #expect(outcome.status == 0, "\(outcome)")
  }

  /// How many bytes of the files in the tree are not in holes, at least.
  static func allocatedSize() throws -> Int {
    let root = try tree()
    var total = 0
    var counted: Set<UInt64> = []
    for (path, facts) in try root.everythingBelow() where facts.isRegular {
      guard counted.insert(facts.inode).inserted, !path.bytes.starts(with: "names".utf8) else {
        continue
      }
      total += try (root / path.bytes).dataRanges().reduce(0) { $0 + $1.count }
    }
    return total
  }
}
