import CHost
import Synchronization

/// A place for an open file in a cache; one file has it after the other.
///
/// So a file that was closed takes no more memory than one that was never open.
final class OpenSlot: Sendable {
  private let state = Mutex(State())

  private struct State {
    /// Negative if no file has the slot.
    var descriptor: CInt = -1
    /// The same in memory, of large files.
    var mapping: FileMapping?
    var readerCount: Int32 = 0
    var wasUsed = false
    /// The lease of the file that had it last.
    var number = 0

    mutating func close() {
      guard descriptor >= 0 else { return }
      mapping?.end()
      host_close(descriptor)
      mapping = nil
      descriptor = -1
    }
  }

  /// What a file knows of its slot, which may be another file's by now.
  struct Lease {
    fileprivate var slot: OpenSlot
    fileprivate var number: Int

    /// The open file, to be released; `nil` if it was closed.
    func acquire() -> OpenFile? { slot.acquire(number) }

    /// Closes the file, which nobody may be using.
    func end() {
      slot.state.withLock { if $0.number == number { $0.close() } }
    }
  }

  deinit { state.withLock { $0.close() } }

  /// Gives the slot to a file.
  ///
  /// - Precondition: No file has it.
  /// - Returns: The lease, and the file for the first who reads it.
  func occupy(_ descriptor: CInt, _ mapping: FileMapping?) -> (lease: Lease, file: OpenFile) {
    state.withLock { state in
      precondition(state.descriptor < 0, "a slot has room for one file")
      let number = state.number + 1
      state = State(
        descriptor: descriptor,
        mapping: mapping,
        readerCount: 1,
        wasUsed: true,
        number: number
      )
      return (
        Lease(slot: self, number: number),
        OpenFile(descriptor: descriptor, mapping: mapping, slot: self)
      )
    }
  }

  private func acquire(_ number: Int) -> OpenFile? {
    state.withLock { state in
      guard state.number == number, state.descriptor >= 0 else { return nil }
      state.readerCount += 1
      state.wasUsed = true
      return OpenFile(descriptor: state.descriptor, mapping: state.mapping, slot: self)
    }
  }

  fileprivate func release() {
    state.withLock { $0.readerCount -= 1 }
  }

  /// Closes the file if nobody reads it and nobody did since the last call.
  ///
  /// - Returns: Whether no file has the slot.
  func vacate() -> Bool {
    state.withLock { state in
      guard state.descriptor >= 0 else { return true }
      guard state.readerCount == 0 else { return false }
      guard !state.wasUsed else {
        state.wasUsed = false
        return false
      }
      state.close()
      return true
    }
  }
}

/// An open file, for somebody who reads it.
struct OpenFile {
  var descriptor: CInt
  /// The same in memory, of large files.
  var mapping: FileMapping?
  fileprivate var slot: OpenSlot

  /// Lets it be closed; it must not be used any more.
  func release() { slot.release() }
}
