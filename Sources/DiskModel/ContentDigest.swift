import CCrypto

/// SHA-256 of bytes that come in pieces.
@safe package struct ContentDigest: ~Copyable {
  private let context: UnsafeMutablePointer<SHA256_CTX>

  /// Begins a digest.
  package init() {
    unsafe context = .allocate(capacity: 1)
    unsafe context.initialize(to: SHA256_CTX())
    let isReady = unsafe SHA256_Init(context)
    precondition(isReady == 1, "beginning a digest needs nothing that could lack")
  }

  deinit { unsafe context.deallocate() }

  /// Adds bytes.
  package func add(_ bytes: [UInt8]) {
    let isAdded = unsafe bytes.withUnsafeBytes {
      unsafe SHA256_Update(context, $0.baseAddress, $0.count)
    }
    precondition(isAdded == 1, "adding to a digest needs nothing that could lack")
  }

  /// The digest of everything that was added, in 64 hexadecimal digits.
  package consuming func finish() -> String {
    var result = [UInt8](repeating: 0, count: 32)
    let isDone = unsafe result.withUnsafeMutableBufferPointer {
      unsafe SHA256_Final($0.baseAddress, context)
    }
    precondition(isDone == 1, "ending a digest needs nothing that could lack")
    return result.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
