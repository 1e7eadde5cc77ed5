import CHost
import DiskModel
import Dispatch
import Synchronization
import SystemPackage

/// Writes the data of a disk to a file at the same offsets, by several threads.
struct DiskWriter {
  let disk: Disk

  /// The file, which reads as zeros, or a block device.
  let target: CInt

  /// Whether there is something in the file that has to be written over with zeros.
  var clearsHoles = false

  /// Why a disk is not written.
  enum Failure: Error {
    /// It cannot be read.
    case source(ReadFailure)
    /// The file cannot be written.
    case target(Errno)
  }

  /// How far it is.
  struct Progress {
    /// Up to here everything is written, or about to be, in bytes.
    var position: Int
    /// So much of that had to be written, in bytes.
    var dataSize: Int
  }

  /// Threads that read and write: more than there may be processors, as storage has
  /// them wait.
  private static let width = 4

  /// What one thread does at a time lies between multiples of this, in bytes.
  private static let pieceSize = 4 << 20

  /// Most bytes that are read at a time.
  private static let bufferSize = 1 << 20

  /// Holes of fewer bytes are written as zeros where data surrounds them.
  private static let blockSize = 4096

  /// So many segments are looked at for a piece.
  private static let stepLimit = 4096

  /// Most bytes of a device that are cleared at a time.
  private static let clearSize = 256 << 20

  /// Writes everything.
  ///
  /// - Parameter progress: Is told how far it is, one thread at a time.
  /// - Returns: How many bytes had content.
  /// - Throws: The first failure; the other threads have stopped by then.
  func write(progress: @escaping @Sendable (Progress) -> Void) throws(Failure) -> Int {
    let state = Shared()
    let isDone = DispatchGroup()
    for number in 0..<Self.width {
      // A queue of its own has a thread of its own, however many processors there are.
      DispatchQueue(label: "nbdgen.write.\(number)").async(group: isDone) {
        while let piece = state.value.withLock({ next(&$0, progress) }) {
          do throws(Failure) {
            try write(piece)
          } catch {
            state.value.withLock { if $0.failure == nil { $0.failure = error } }
          }
        }
      }
    }
    isDone.wait()
    let end = state.value.withLock(\.self)
    if let failure = end.failure { throw failure }
    return end.dataSize
  }

  /// Where the next piece starts, and what came of those before it.
  private struct Cursor {
    var position = 0
    var dataSize = 0
    var failure: Failure?
  }

  private final class Shared: Sendable {
    let value = Mutex(Cursor())
  }

  /// A part of the disk of one kind.
  private struct Piece {
    var range: Range<Int>
    var isData: Bool
  }

  private func next(_ cursor: inout Cursor, _ progress: (Progress) -> Void) -> Piece? {
    while cursor.failure == nil, cursor.position < disk.size {
      let (found, dataSize, position) = piece(from: cursor.position)
      cursor.position = position
      cursor.dataSize += dataSize
      guard let found else { continue }
      progress(Progress(position: cursor.position, dataSize: cursor.dataSize))
      return found
    }
    return nil
  }

  /// The first piece at or behind an offset, if the next few segments have one.
  ///
  /// Data goes on over holes that are less than a block: they would take storage anyway.
  ///
  /// - Returns: The piece, how many of its bytes are data, and where to go on.
  private func piece(from start: Int) -> (piece: Piece?, dataSize: Int, position: Int) {
    var position = start
    var piece: Piece?
    var end = disk.size
    var dataSize = 0
    disk.forEachExtent(in: start..<disk.size, limit: Self.stepLimit) { extent in
      let isData = extent.kind == .data
      if let begun = piece {
        guard isData else { return extent.range.count < Self.blockSize }
        guard extent.range.lowerBound < end else { return false }
        position = min(extent.range.upperBound, end)
        dataSize += position - extent.range.lowerBound
        piece?.range = begun.range.lowerBound..<position
        return position < end
      }
      guard isData || clearsHoles else {
        position = extent.range.upperBound
        return true
      }
      let size = isData ? Self.pieceSize : Self.clearSize
      let (multiple, overflow) = (extent.range.lowerBound / size + 1)
        .multipliedReportingOverflow(by: size)
      if !overflow { end = min(end, multiple) }
      position = min(extent.range.upperBound, end)
      piece = Piece(range: extent.range.lowerBound..<position, isData: isData)
      if isData { dataSize += position - extent.range.lowerBound }
      return isData && position < end
    }
    return (piece, dataSize, position)
  }

  private func write(_ piece: Piece) throws(Failure) {
    guard piece.isData else { return try clear(piece.range) }
    var position = piece.range.lowerBound
    while position < piece.range.upperBound {
      let rest = position..<piece.range.upperBound
      let bytes: [UInt8]
      do throws(ReadFailure) {
        position += try disk.copyHostFiles(in: rest, to: target)
        let end = min(rest.upperBound, position + Self.bufferSize)
        bytes = try disk.bytes(position..<position + disk.countToRead(in: position..<end))
      } catch {
        throw .source(error)
      }
      try put(bytes, at: position)
      position += bytes.count
    }
    // All of it has to be on storage in the end: the sooner, the less there is to wait for.
    host_start_writing(target, Int64(piece.range.lowerBound), Int64(piece.range.count))
  }

  private func put(_ bytes: [UInt8], at offset: Int) throws(Failure) {
    do throws(Errno) {
      try HostCall.write(bytes, to: target, at: offset)
    } catch {
      throw .target(error)
    }
  }

  /// Has a range of a device read as zeros.
  private func clear(_ range: Range<Int>) throws(Failure) {
    let isAligned = range.lowerBound % 4096 == 0 && range.count % 4096 == 0
    if isAligned, host_clear_device(target, Int64(range.lowerBound), Int64(range.count)) == 0 {
      return
    }
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.bufferSize) {
      let count = min(Self.bufferSize, range.upperBound - start)
      try put([UInt8](repeating: 0, count: count), at: start)
    }
  }
}
