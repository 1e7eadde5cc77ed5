import CHost
import DiskModel
import SystemPackage

/// The lines of a file that may be of any size, one after the other.
struct TraceLines: ~Copyable {
  private let descriptor: CInt
  private let path: String
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false

  /// The number of the line that was taken last, from 1 on.
  private(set) var number = 0

  /// Whether the line that was taken last ends with the file rather than with a newline.
  private(set) var isCut = false

  /// The longest line, in bytes: a path has 4,096, each of which may be escaped.
  static let limit = 1 << 16

  init(_ path: String) throws {
    self.path = path
    do throws(Errno) {
      descriptor = try HostCall.openPath(path)
    } catch {
      throw UserError(host: "trace: \(path): \(error.description)")
    }
  }

  deinit { host_close(descriptor) }

  /// Takes the next line; `nil` at the end.
  mutating func next() throws -> [UInt8]? {
    number += 1
    var scanned = position
    while true {
      if let end = buffer[scanned...].firstIndex(of: 10) {
        defer { position = end + 1 }
        guard end - position <= Self.limit else { throw tooLong }
        return Array(buffer[position..<end])
      }
      guard buffer.count - position <= Self.limit else { throw tooLong }
      guard !isAtEnd else {
        guard position < buffer.count else { return nil }
        defer { position = buffer.count }
        isCut = true
        return Array(buffer[position...])
      }
      buffer.removeFirst(position)
      position = 0
      scanned = buffer.count
      do throws(Errno) {
        let piece = try HostCall.readStream(descriptor, count: 1 << 18)
        isAtEnd = piece.isEmpty
        buffer += piece
      } catch {
        throw UserError(host: "trace: \(path): \(error.description)")
      }
    }
  }

  private var tooLong: UserError {
    UserError(
      host: "trace: \(path): line \(number): longer than \(Self.limit) bytes; not a trace of nbdgen"
    )
  }
}
