import CExt2FS

/// The hash by which the names of an indexed directory are sorted: half MD4 over
/// unsigned bytes.
///
/// The superblock says as much: `s_def_hash_version` and `s_flags`.
@safe struct DirectoryHash: Sendable {
  private let seed: InlineArray<4, UInt32>

  /// The hash of a filesystem with this `s_hash_seed`, which has 16 bytes.
  init(seed bytes: [UInt8]) {
    precondition(bytes.count == 16, "a hash seed has 16 bytes")
    seed = InlineArray { word in
      bytes[4 * word..<4 * word + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// The hash of a name; the lowest bit is clear.
  func callAsFunction(_ name: Span<UInt8>) -> UInt32 {
    var hash: ext2_dirhash_t = 0
    var minorHash: ext2_dirhash_t = 0
    let result = unsafe name.withUnsafeBytes { name in
      let characters = unsafe name.assumingMemoryBound(to: CChar.self)
      return unsafe seed.span.withUnsafeBufferPointer { seed in
        unsafe ext2fs_dirhash(
          EXT2_HASH_HALF_MD4_UNSIGNED,
          characters.baseAddress,
          CInt(characters.count),
          seed.baseAddress,
          &hash,
          &minorHash
        )
      }
    }
    precondition(result == 0, "libext2fs knows half MD4")
    return hash
  }
}
