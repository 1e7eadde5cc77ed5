import NIOCore
import Synchronization

/// How much memory all connections together have replies in: on their way from
/// storage, or waiting for clients that do not read them.
///
/// Whoever has nothing on its way may always have one part of a reply more, so
/// everybody gets on. When it is too much all the same, clients are cut off that
/// have not read for a while, longest first.
final class Buffers: Sendable {
  private let limit: Int
  private let size = Atomic(0)
  private let stuck = Mutex(Stuck())

  /// Clients that do not read, in the order in which they stopped.
  private struct Stuck {
    var entries: [ObjectIdentifier: Entry] = [:]
    var nextNumber = 0
    var isSweepDue = false
  }

  private struct Entry {
    var number: Int
    var size: Int
    var since: NIODeadline
    var channel: any Channel
  }

  /// How long a client may not read before it can be cut off.
  static let patience = TimeAmount.seconds(1)

  init(limit: Int) { self.limit = limit }

  /// Bytes that are in use.
  var usedSize: Int { size.load(ordering: .relaxed) }

  /// Whether there is room for somebody who has something already.
  var hasRoom: Bool { usedSize < limit }

  /// Counts bytes that are on their way from storage, or with a negative number are
  /// no longer.
  func add(_ count: Int) { size.add(count, ordering: .relaxed) }

  /// Counts what waits for a client that does not read.
  ///
  /// - Returns: Whether ``takeStuck(now:)`` is due when patience is at its end.
  func block(_ channel: any Channel, size: Int) -> Bool {
    stuck.withLock { stuck in
      guard stuck.entries[ObjectIdentifier(channel)] == nil else { return false }
      let entry = Entry(number: stuck.nextNumber, size: size, since: .now(), channel: channel)
      stuck.nextNumber += 1
      stuck.entries[ObjectIdentifier(channel)] = entry
      add(size)
      guard usedSize > limit, !stuck.isSweepDue else { return false }
      stuck.isSweepDue = true
      return true
    }
  }

  /// Forgets a client that reads again, or has gone.
  func unblock(_ channel: any Channel) {
    stuck.withLock { stuck in
      if let entry = stuck.entries.removeValue(forKey: ObjectIdentifier(channel)) {
        add(-entry.size)
      }
    }
  }

  /// Forgets clients that have to be cut off to make room.
  ///
  /// - Returns: Those clients, and whether this is due once more.
  func takeStuck(now: NIODeadline) -> (clients: [any Channel], isDueAgain: Bool) {
    stuck.withLock { stuck in
      var clients: [any Channel] = []
      var candidates = stuck.entries.values.filter { $0.since + Self.patience <= now }
      candidates.sort { $0.number > $1.number }
      while usedSize > limit, let entry = candidates.popLast() {
        stuck.entries[ObjectIdentifier(entry.channel)] = nil
        add(-entry.size)
        clients.append(entry.channel)
      }
      stuck.isSweepDue = usedSize > limit && !stuck.entries.isEmpty
      return (clients, stuck.isSweepDue)
    }
  }
}
