import TestSupport

/// Parameters of a filesystem: a type, and what else is chosen.
struct Variant: CustomStringConvertible, Sendable {
  var type: FilesystemType
  var words: [String]

  init(_ type: FilesystemType, _ words: String...) {
    self.type = type
    self.words = words
  }

  var description: String { (["type=\(type)"] + words).joined(separator: " ") }

  /// One of each kind; together they have every feature on and off.
  static let all = [
    Variant(.ext2),
    Variant(.ext2, "block-size=1024", "inode-size=128"),
    Variant(.ext2, "features=^dir_index,^filetype,^sparse_super", "reserved=5%"),
    Variant(.ext2, "block-size=2048", "inode-size=2048"),
    Variant(.ext3),
    Variant(.ext3, "block-size=1024", "journal=2M"),
    Variant(.ext4),
    Variant(.ext4, "features=metadata_csum"),
    Variant(.ext4, "features=metadata_csum,^64bit,has_journal", "inode-size=128"),
    Variant(.ext4, "features=metadata_csum,metadata_csum_seed,^flex_bg", "journal=16M"),
    Variant(.ext4, "features=metadata_csum,^extent,^huge_file", "block-size=2048"),
    Variant(.ext4, "features=metadata_csum,^dir_index", "inode-size=512"),
    Variant(.ext4, "features=metadata_csum", "block-size=1024", "inode-size=1024"),
    Variant(.ext4, "features=^extent,^flex_bg,^uninit_bg", "journal=4M"),
    Variant(.ext4, "features=64bit,^uninit_bg,^dir_nlink,^extra_isize", "block-size=1024"),
    Variant(.ext4, "features=metadata_csum,^filetype", "inode-size=4096", "reserved=2M"),
  ]

  /// Serves a tree so, and copies the disk, which is the filesystem alone.
  func copy(_ tree: RawPath, to path: String, _ more: [String] = []) throws {
    let parameters = ["linuxdisk", "\(tree)", "layout=none", "type=\(type)"] + words + more
    let server = try NbdgenProcess(parameters)
    try Program("nbdcopy").succeed([server.uri, path])
    try server.stop()
  }

  /// What `e2fsck` has to say of a filesystem that it does not say of one without faults.
  static func complaints(of path: String) throws -> [String] {
    let outcome = try Program.e2fsck().run(["-fn", path], timeout: 120)
    var complaints = outcome.status == 0 ? [] : ["exit status \(outcome.status)"]
    complaints += outcome.lines.filter { line in
      let isPass = (1...5).contains { line.hasPrefix("Pass \($0): ") }
      return !isPass && !(line.hasPrefix("\(path): ") && line.hasSuffix(" blocks"))
    }
    return complaints + outcome.errorLines.filter { !$0.hasPrefix("e2fsck 1.") }
  }
}
