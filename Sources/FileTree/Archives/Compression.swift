/// How an archive is compressed, as its first bytes tell.
enum Compression: Equatable {
  case none
  case gzip
  /// By a program that decompresses it: `xz -dc`.
  case filter(program: String)

  /// What starts with `bytes`, of which there should be 6.
  init(start bytes: [UInt8]) {
    self =
      if bytes.starts(with: [0x1F, 0x8B]) {
        .gzip
      } else if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
        .filter(program: "xz")
      } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
        .filter(program: "zstd")
      } else if bytes.starts(with: Array("BZh".utf8)) {
        .filter(program: "bzip2")
      } else {
        .none
      }
  }
}
