import DiskModel
import Synchronization
import TestSupport
import Testing

@testable import NBDServer

extension ServerTests {
  /// Who is told what clients read.
  struct ReadObserverTests {
    /// Remembers all that it is told.
    private final class Recorder: ReadObserver {
      struct State {
        var connections: [(client: ClientAddress, size: Int)] = []
        var reads: [(connection: Int, range: Range<Int>)] = []
        var ended: [Int] = []
      }

      let state = Mutex(State())

      func begin(client: ClientAddress, disk: Disk) -> Int {
        state.withLock { state in
          state.connections.append((client, disk.size))
          return state.connections.count
        }
      }

      func note(_ range: Range<Int>, connection: Int) {
        state.withLock { $0.reads.append((connection, range)) }
      }

      func end(connection: Int) { state.withLock { $0.ended.append(connection) } }
    }

    @Test("Reads of all lengths are told once, with their connection", arguments: [false, true])
    func reads(isSlow: Bool) throws {
      let size = 1 << 21
      let recorder = Recorder()
      var export = Export(
        name: "disk",
        description: "",
        disk: try .of(PatternSource.bytes(0..<size), isSlow: isSlow)
      )
      export.observer = recorder
      let server = try RunningServer([export])
      let clients = [try server.connect(), try server.connect(structured: false)]
      var expected: [Range<Int>] = []
      for client in clients {
        for length in [1, 4096, 1 << 17, 1 << 20] as [UInt32] {
          _ = try client.read(offset: 7, length: length)
          expected.append(7..<7 + Int(length))
        }
      }
      // What is refused, and what is no read, is not told.
      #expect(throws: RequestFailed.self) {
        try clients[0].read(offset: UInt64(size), length: 1)
      }
      try clients[0].perform(NBD.Command.flush)
      for client in clients { try client.disconnect() }
      #expect(try clients.allSatisfy { try $0.isAtEOF(within: 10) })
      #expect(holdsSoon { recorder.state.withLock { $0.ended.count } == 2 })
      recorder.state.withLock { state in
        #expect(state.reads.map(\.range) == expected)
        #expect(state.reads.map(\.connection) == [1, 1, 1, 1, 2, 2, 2, 2])
        #expect(state.connections.allSatisfy { $0.client == .unix && $0.size == size })
        #expect(state.connections.count == 2 && Set(state.ended) == [1, 2])
      }
    }
  }
}
