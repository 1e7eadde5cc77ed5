import CHost
import DiskModel
import SystemPackage

/// Reads the files and runs the scripts that an expression names.
struct HostInput {
  /// Why expressions may do neither; `nil` if they may.
  var refusal: String?

  /// Keeps files open while they are served.
  var descriptors: DescriptorCache

  /// Most bytes that are read of a stream, a device or a script's output.
  static let streamLimit = 1 << 30

  /// The content of a file; of what is no regular file, at most `limit` bytes.
  ///
  /// A regular file is referred to, and read when a client asks for it.
  func file(_ path: [UInt8], limit: Int?, at position: Position) throws(ExpressionError) -> Disk {
    try checkAccess(position)
    let name = String(decoding: path, as: UTF8.self)
    do throws(Errno) {
      if let disk = try Disk.ofHostFile(name, descriptors: descriptors) { return disk }
      let descriptor = try HostCall.openPath(name)
      defer { host_close(descriptor) }
      if let bytes = try read(descriptor, limit: limit) { return Disk(literal: bytes) }
    } catch {
      throw ExpressionError("\(name): \(error.description)", at: position)
    }
    throw tooLong(position)
  }

  /// What a script writes to its standard output; with a limit, the script is
  /// left alone when it has written so much, and may end as it likes.
  func script(
    _ script: [UInt8],
    limit: Int?,
    at position: Position
  ) throws(ExpressionError) -> Disk {
    try checkAccess(position)
    var process: CInt = 0
    let command = String(decoding: script, as: UTF8.self)
    let output = unsafe host_spawn_script(command, &process)
    let bytes: [UInt8]?
    do throws(Errno) {
      let descriptor = try HostCall.check(output)
      defer { host_close(descriptor) }
      bytes = try read(descriptor, limit: limit)
    } catch {
      throw ExpressionError("/bin/sh: \(error.description)", at: position)
    }
    guard limit == nil else {
      host_abandon_child(process)
      return Disk(literal: bytes ?? [])
    }
    guard let bytes else {
      host_abandon_child(process)
      throw tooLong(position)
    }
    let status = host_wait_child(process)
    guard status == 0 else {
      let end =
        status > 128 ? "was killed by signal \(status - 128)" : "ended with status \(status)"
      throw ExpressionError("the script \(end)", at: position)
    }
    return Disk(literal: bytes)
  }

  private func checkAccess(_ position: Position) throws(ExpressionError) {
    if let refusal { throw ExpressionError(refusal, at: position) }
  }

  private func tooLong(_ position: Position) -> ExpressionError {
    ExpressionError(
      "gives more than \(Self.streamLimit >> 20) MiB; a slice such as [:1M] takes less",
      at: position
    )
  }

  /// Reads a stream up to `limit` bytes or its end; `nil` if that is more than
  /// is allowed.
  private func read(_ descriptor: CInt, limit: Int?) throws(Errno) -> [UInt8]? {
    var bytes: [UInt8] = []
    let most = min(limit ?? .max, Self.streamLimit + 1)
    while bytes.count < most {
      let piece = try HostCall.readStream(descriptor, count: min(most - bytes.count, 1 << 16))
      if piece.isEmpty { break }
      if bytes.count + piece.count > bytes.capacity { bytes.growInHugePages() }
      bytes += piece
    }
    return bytes.count > Self.streamLimit ? nil : bytes
  }
}
