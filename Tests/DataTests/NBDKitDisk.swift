import Foundation
import TestSupport

/// The disk that nbdkit makes of parameters, read over a socket pair.
///
/// One process, no shell but the one that limits its memory and time: nbdkit
/// builds what it serves, and some expressions are long.
struct NBDKitDisk {
  /// What came of it.
  enum Outcome: Equatable {
    case failed
    case disk(size: UInt64, head: [UInt8], tail: [UInt8])
    /// It crashed, or ran into a limit.
    case gaveUp
  }

  /// Most bytes at either end of a disk that are compared.
  static let windowSize = 2 << 20

  static func build(_ words: [String]) throws -> Outcome {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw CocoaError(.fileWriteUnknown)
    }
    let (mine, other) = (FileHandle(fileDescriptor: ends[0], closeOnDealloc: true), ends[1])
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let script = "ulimit -c 0; ulimit -v 1500000; ulimit -t 10; exec nbdkit -rs data \"$@\""
    process.arguments = ["-c", script, "sh"] + words
    process.environment = ["LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    let theirs = FileHandle(fileDescriptor: other, closeOnDealloc: false)
    process.standardInput = theirs
    process.standardOutput = theirs
    process.standardError = FileHandle.nullDevice
    try process.run()
    close(other)
    let outcome = try? transfer(mine)
    try mine.close()
    process.waitUntilExit()
    if process.terminationReason == .uncaughtSignal { return .gaveUp }
    guard process.terminationStatus != 127 else {
      // Says that it is not installed.
      try runTool("nbdkit", ["--version"])
      return .failed
    }
    return outcome ?? .failed
  }

  private struct Ended: Error {}

  private static func transfer(_ socket: FileHandle) throws -> Outcome {
    // NBDMAGIC, IHAVEOPT, flags.
    _ = try read(18, socket)
    // Flags fixed newstyle and no zeroes; NBD_OPT_EXPORT_NAME with no name.
    let option = Array("IHAVEOPT".utf8) + bigEndian(1, 4) + bigEndian(0, 4)
    try socket.write(contentsOf: Data(bigEndian(3, 4) + option))
    let size = try read(10, socket).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let window = min(size, UInt64(windowSize))
    let head = try request(offset: 0, count: window, socket)
    let tail = size == window ? [] : try request(offset: size - window, count: window, socket)
    // NBD_CMD_DISC
    try socket.write(contentsOf: Data(command(2, offset: 0, count: 0)))
    return .disk(size: size, head: head, tail: tail)
  }

  private static func request(
    offset: UInt64,
    count: UInt64,
    _ socket: FileHandle
  ) throws -> [UInt8] {
    guard count > 0 else { return [] }
    try socket.write(contentsOf: Data(command(0, offset: offset, count: count)))
    guard try read(16, socket)[4..<8].allSatisfy({ $0 == 0 }) else { throw Ended() }
    return try read(Int(count), socket)
  }

  private static func command(_ type: UInt64, offset: UInt64, count: UInt64) -> [UInt8] {
    [0x25, 0x60, 0x95, 0x13] + bigEndian(type, 4) + bigEndian(0, 8) + bigEndian(offset, 8)
      + bigEndian(count, 4)
  }

  private static func bigEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64(count - 1 - $0))) }
  }

  private static func read(_ count: Int, _ socket: FileHandle) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let piece = try socket.read(upToCount: count - bytes.count) ?? Data()
      guard !piece.isEmpty else { throw Ended() }
      bytes += piece
    }
    return bytes
  }
}
