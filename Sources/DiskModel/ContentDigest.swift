import CCrypto

/// SHA-256 of bytes that come in pieces.
@safe package struct ContentDigest: ~Copyable {
  private let context: OpaquePointer?

  /// Begins a digest.
  package init() {
    unsafe context = EVP_MD_CTX_new()
    let isReady = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
    precondition(isReady == 1, "every libcrypto has SHA-256")
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Adds bytes.
  package func add(_ bytes: [UInt8]) {
    let isAdded = unsafe bytes.withUnsafeBytes {
      unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
    }
    precondition(isAdded == 1, "adding to a digest needs nothing that could lack")
  }

  /// The digest of everything that was added, in 64 hexadecimal digits.
  package consuming func finish() -> String {
    var result = [UInt8](repeating: 0, count: 32)
    let isDone = unsafe result.withUnsafeMutableBufferPointer {
      unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil)
    }
    precondition(isDone == 1, "ending a digest needs nothing that could lack")
    return result.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
