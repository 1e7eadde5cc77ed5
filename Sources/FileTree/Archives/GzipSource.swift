import DiskModel
import Synchronization

/// A gzip file as the bytes that it decompresses to, in any order.
///
/// What is read is decompressed from the nearest place of the index before it; the
/// few latest places where that ended are kept, so that reading on is cheap.
final class GzipSource: WaitingSource {
  private let compressed: ArchiveBytes
  private let index: GzipIndex
  private let cache: PieceCache

  /// Where cursors are, and who uses them.
  private let places = Mutex([Place](repeating: Place(), count: cursorCount))
  private let cursors: [CursorBox]

  private struct Place {
    /// Offset in the decompressed file; -1 while there is no cursor.
    var output = -1
    var isInUse = false
    /// When it was used last, counted in uses.
    var lastUse = 0
  }

  /// Holds a cursor for whoever uses its place.
  private final class CursorBox: Sendable {
    let cursor = Mutex<GzipCursor?>(nil)
  }

  /// How many cursors are kept, of 80 KiB each.
  private static let cursorCount = 8

  init(_ compressed: ArchiveBytes, index: GzipIndex, cache: PieceCache) {
    self.compressed = compressed
    self.index = index
    self.cache = cache
    cursors = (0..<Self.cursorCount).map { _ in CursorBox() }
  }

  /// Decompresses what was asked for, unless it was lately; without waiting, gives only
  /// that.
  func read(
    _ count: Int,
    at offset: Int,
    into output: inout OutputRawSpan,
    mayWait: Bool
  ) throws(ReadFailure) -> Bool {
    precondition(offset >= 0 && count <= index.size - offset, "the range lies in the file")
    var position = offset
    while position < offset + count {
      let number = position / PieceCache.pieceSize
      guard let piece = try piece(number, mayWait: mayWait) else { return false }
      let start = position - number * PieceCache.pieceSize
      let end = min(piece.count, start + offset + count - position)
      output.append(copying: piece.span.extracting(start..<end))
      position += end - start
    }
    return true
  }

  /// The bytes of a piece; `nil` if they have to be decompressed and nobody may wait.
  private func piece(_ number: Int, mayWait: Bool) throws(ReadFailure) -> [UInt8]? {
    let key = PieceCache.Key(file: ObjectIdentifier(self), piece: number)
    if let cached = cache.bytes(of: key) { return cached }
    guard mayWait else { return nil }
    let bytes = try decompress(number)
    cache.insert(bytes, for: key)
    return bytes
  }

  /// Decompresses a piece.
  private func decompress(_ number: Int) throws(ReadFailure) -> [UInt8] {
    let start = number * PieceCache.pieceSize
    let count = min(PieceCache.pieceSize, index.size - start)
    let checkpoint = index.checkpoint(before: start)
    guard let place = takePlace(from: checkpoint.output, to: start) else {
      // All are in use: this one is used once.
      var cursor = try GzipCursor(compressed, at: checkpoint)
      try cursor.skip(to: start)
      return try cursor.read(count)
    }
    var output = -1
    defer {
      places.withLock { places in
        places[place].output = output
        places[place].isInUse = false
      }
    }
    let result = cursors[place].cursor.withLock { held -> Result<[UInt8], ReadFailure> in
      do throws(ReadFailure) {
        var cursor: GzipCursor
        if let kept = held.take(), (checkpoint.output...start).contains(kept.output) {
          cursor = kept
        } else {
          cursor = try GzipCursor(compressed, at: checkpoint)
        }
        try cursor.skip(to: start)
        let bytes = try cursor.read(count)
        output = cursor.output
        held = consume cursor
        return .success(bytes)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The free place of the cursor that is nearest before `end`, not before `start`;
  /// else of the one that was not used for longest.
  ///
  /// - Returns: The place, which is in use from now on; `nil` if all are.
  private func takePlace(from start: Int, to end: Int) -> Int? {
    places.withLock { places in
      let free = places.indices.filter { !places[$0].isInUse }
      let near = free.filter { (start...end).contains(places[$0].output) }
      guard
        let place = near.max(by: { places[$0].output < places[$1].output })
          ?? free.min(by: { places[$0].lastUse < places[$1].lastUse })
      else { return nil }
      places[place].isInUse = true
      places[place].lastUse = (places.map(\.lastUse).max() ?? 0) + 1
      return place
    }
  }
}
