import Synchronization

/// The pieces of decompressed files that were read last, of all files together.
package final class PieceCache: Sendable {
  /// Bytes of a piece, unless a file ends in it.
  static let pieceSize = 1 << 16

  /// A piece of a file.
  struct Key: Hashable, Sendable {
    var file: ObjectIdentifier
    var piece: Int
  }

  private let state: Mutex<State>

  private struct State {
    var slots: [Slot] = []
    var indices: [Key: Int] = [:]
    var hand = 0
  }

  private struct Slot {
    var key: Key
    var bytes: [UInt8]
    var wasUsed: Bool
  }

  /// How many pieces are kept.
  private let capacity: Int

  /// A cache of at most `capacity` pieces of 64 KiB.
  package init(capacity: Int = 256) {
    precondition(capacity > 0, "a cache holds at least one piece")
    self.capacity = capacity
    state = Mutex(State())
  }

  /// The piece, if it is there.
  func bytes(of key: Key) -> [UInt8]? {
    state.withLock { state in
      guard let index = state.indices[key] else { return nil }
      state.slots[index].wasUsed = true
      return state.slots[index].bytes
    }
  }

  /// Keeps a piece, in place of one that was not used lately.
  func insert(_ bytes: [UInt8], for key: Key) {
    state.withLock { state in
      guard state.indices[key] == nil else { return }
      let slot = Slot(key: key, bytes: bytes, wasUsed: false)
      guard state.slots.count >= capacity else {
        state.indices[key] = state.slots.count
        state.slots.append(slot)
        return
      }
      while state.slots[state.hand].wasUsed {
        state.slots[state.hand].wasUsed = false
        state.hand = (state.hand + 1) % capacity
      }
      state.indices[state.slots[state.hand].key] = nil
      state.indices[key] = state.hand
      state.slots[state.hand] = slot
      state.hand = (state.hand + 1) % capacity
    }
  }
}
