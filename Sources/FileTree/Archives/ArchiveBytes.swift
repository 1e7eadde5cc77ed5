package import DiskModel

/// The bytes of an archive, or of a file inside of one: what can be read at any
/// time, in any order, and never changes.
package struct ArchiveBytes: Sendable {
  /// The archive for people.
  package var name: String

  /// What has the bytes.
  package var source: any ByteSource

  /// Where they start in the source.
  package var offset: Int

  /// How many they are.
  package var size: Int

  package init(name: String, source: any ByteSource, offset: Int, size: Int) {
    self.name = name
    self.source = source
    self.offset = offset
    self.size = size
  }

  /// At most `count` bytes; fewer only if they end there.
  package func bytes(_ count: Int, at position: Int) throws(ArchiveFailure) -> [UInt8] {
    guard position >= 0, position < size, count > 0 else { return [] }
    do throws(ReadFailure) {
      return try source.bytes(min(count, size - position), at: offset + position)
    } catch {
      throw ArchiveFailure(name, at: position, error.cause)
    }
  }
}

extension ArchiveBytes {
  /// All bytes, which are few.
  func wholeContent() throws(ArchiveFailure) -> [UInt8] { try bytes(size, at: 0) }
}

/// What an archive is opened from: bytes that are mostly asked for front to back.
protocol ArchiveInput: AnyObject {
  /// The archive for people.
  var name: String { get }

  /// At most `count` bytes; fewer only if the archive ends there.
  ///
  /// - Throws: ``ArchiveFailure`` if they cannot be read.
  func bytes(_ count: Int, at offset: Int) throws(ArchiveFailure) -> [UInt8]
}

/// Archives as they are.
final class PlainInput: ArchiveInput {
  private let archive: ArchiveBytes

  /// What was read last, and where it starts.
  private var window: [UInt8] = []
  private var windowStart = 0

  /// How much is read at least: headers of small files are near one another.
  private static let windowSize = 4096

  init(_ archive: ArchiveBytes) { self.archive = archive }

  var name: String { archive.name }

  func bytes(_ count: Int, at offset: Int) throws(ArchiveFailure) -> [UInt8] {
    if offset < windowStart || offset - windowStart + count > window.count {
      window = try archive.bytes(max(count, Self.windowSize), at: offset)
      windowStart = offset
    }
    let start = offset - windowStart
    return Array(window[start..<min(start + count, window.count)])
  }
}

extension ArchiveBytes {
  /// SHA-256 of all bytes, which are read once.
  func digest() throws(ArchiveFailure) -> String {
    let digest = ContentDigest()
    var position = 0
    while position < size {
      let piece = try bytes(1 << 20, at: position)
      digest.add(piece)
      position += piece.count
    }
    return digest.finish()
  }
}
