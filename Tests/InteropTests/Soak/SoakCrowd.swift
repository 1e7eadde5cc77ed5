import Foundation
import Synchronization
import TestSupport

/// Many clients at once, each on a thread of its own.
final class SoakCrowd: Sendable {
  let disks: [SoakDisk]
  let seed: UInt64

  /// Lets only a few clients at a time hold replies of many megabytes.
  let heavyTurns = DispatchSemaphore(value: 6)

  private let state = Mutex(State())

  private struct State {
    var problems: [String] = []
    var counts: [String: Int] = [:]
    var byteCount = 0
  }

  init(_ disks: [SoakDisk], seed: UInt64) {
    self.disks = disks
    self.seed = seed
  }

  /// What went wrong; a client's first such thing ends the crowd.
  var problems: [String] { state.withLock { $0.problems } }

  /// How often the clients did what.
  var counts: [String: Int] { state.withLock { $0.counts } }

  /// How many bytes were compared.
  var byteCount: Int { state.withLock { $0.byteCount } }

  /// Has the clients come again and again for that long, and waits for the last.
  func run(clientCount: Int, seconds: Double) {
    let end = ContinuousClock.now + .seconds(seconds)
    let group = DispatchGroup()
    for number in 0..<clientCount {
      group.enter()
      let thread = Thread { [self] in
        giveWay(0)
        let client = SoakClient(number, of: self)
        while ContinuousClock.now < end, problems.isEmpty { act(client) }
        group.leave()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    group.wait()
  }

  private func act(_ client: SoakClient) {
    let act = client.nextAct()
    do {
      try client.perform(act)
    } catch {
      let place = "client \(client.number), act \(client.actCount), \(act)"
      state.withLock { $0.problems.append("\(place): \(client.step): \(error)") }
    }
    state.withLock {
      $0.counts["\(act)", default: 0] += 1
      $0.byteCount += client.takeByteCount()
    }
    client.rest(upTo: 0.1)
  }
}
