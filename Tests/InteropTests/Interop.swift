import Foundation
import TestSupport
import Testing

extension Tag {
  /// The command as it was built, judged by programs of the host, without which
  /// the test fails.
  @Tag static var interop: Self
}

/// Where tests that look at filesystems run, one after the other.
@globalActor
actor FilesystemThread {
  static let shared = FilesystemThread()
  private static let executor = ThreadExecutor(name: "filesystems")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe Self.executor.asUnownedSerialExecutor()
  }
}

/// Where tests that have clients run, one after the other.
@globalActor
actor ClientThread {
  static let shared = ClientThread()
  private static let executor = ThreadExecutor(name: "clients")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe Self.executor.asUnownedSerialExecutor()
  }
}

/// Where tests that boot guests run, one after the other.
@globalActor
actor GuestThread {
  static let shared = GuestThread()
  private static let executor = ThreadExecutor(name: "guests")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe Self.executor.asUnownedSerialExecutor()
  }
}

/// The types of filesystem that are served.
enum FilesystemType: String, CaseIterable, Sendable {
  case ext2, ext3, ext4
}

/// Whether the bytes are equal, quickly even in a debug build.
func isEqual(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
  unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      guard left.count == right.count else { return false }
      guard let start = left.baseAddress, let other = right.baseAddress else { return true }
      return unsafe memcmp(start, other, left.count) == 0
    }
  }
}

/// The first few of many differences, for a failure's message.
func summary(_ differences: [String]) -> String {
  let rest = differences.count > 12 ? "\n... \(differences.count) in all" : ""
  return differences.prefix(12).joined(separator: "\n") + rest
}
