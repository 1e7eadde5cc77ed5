import DiskModel
import Glibc
import Logging
import NIOCore
import NIOEmbedded
import SystemPackage
import TestSupport
import Testing

@testable import NBDServer

extension ServerTests {
  /// Clients that are answered before their connections have a place in an event loop.
  struct ReceptionTests {
    private static let list = NBDTestClient.optionBytes(NBD.Option.list)
    private static let abort = NBDTestClient.optionBytes(NBD.Option.abort)
    private static let flags: [UInt8] = [0, 0, 0, 3]

    private static func ask(_ option: UInt32, _ name: String) -> [UInt8] {
      NBDTestClient.optionBytes(option, data: NBDTestClient.infoData(name: Array(name.utf8)))
    }

    private static func go(_ name: String = "disk") -> [UInt8] { ask(NBD.Option.go, name) }

    private static func request(_ type: UInt16, length: UInt64 = 0) -> [UInt8] {
      NBDTestClient.Request(type: type, cookie: 7, length: length).bytes
    }

    private static let disconnect = request(NBD.Command.disconnect)
    private static let read = request(NBD.Command.read, length: 3)

    private static var exports: [Export] {
      [
        Export(name: "disk", description: "", disk: Disk([1, 2, 3])),
        Export(
          name: "yours",
          description: "made for the client",
          content: .perSession(SessionDisk(isSameForAll: true) { Disk($0.exportName) })
        ),
        Export(
          name: "later",
          description: "made when it is asked for",
          content: .deferred(DeferredContent { .disk(Disk([4, 5, 6])) })
        ),
      ]
    }

    /// What clients send, in pieces that they wait between.
    private static let conversations: [[[UInt8]]] = [
      [],
      [[0, 0]],
      [[0, 0, 0, 4]],
      [flags],
      [flags + abort],
      [flags, abort],
      [flags + list + abort],
      [flags, list, ask(NBD.Option.info, "disk"), NBDTestClient.optionBytes(1000), abort],
      [flags + Array(list.prefix(9)), Array(list.dropFirst(9)) + abort],
      [flags + Array("this is no option at all".utf8)],
      [flags + Array(list.dropLast(4)) + [1, 0, 0, 0]],
      [flags + go("nothing"), go(), disconnect],
      [flags + go()],
      [flags, go(), disconnect],
      [flags + go() + disconnect],
      [flags + go(), Array(disconnect.prefix(5)), Array(disconnect.dropFirst(5))],
      [flags + go(), Array(disconnect.prefix(5))],
      [flags + go() + disconnect + read],
      [flags + go() + read + disconnect],
      [flags + go(), read, disconnect],
      [flags + go(), Array("this is no request, but as long as one".utf8)],
      [flags, NBDTestClient.optionBytes(NBD.Option.exportName, data: Array("disk".utf8)), read],
      [flags + NBDTestClient.optionBytes(NBD.Option.structuredReply) + go() + read + disconnect],
      [flags + go("yours") + read + disconnect],
      [flags, ask(NBD.Option.info, "yours"), go("yours"), disconnect],
      [flags + go("later") + read + disconnect],
      [flags + Array(repeating: list, count: 9000).joined() + go() + read + disconnect],
      [flags + Array(repeating: list, count: 9000).joined() + abort],
    ]

    /// All that the server says to a client, and what it counts.
    private static func outcome(
      _ pieces: [[UInt8]],
      _ busyPollTime: Duration
    ) throws -> (said: [UInt8], counts: String) {
      var limits = ServerLimits()
      limits.busyPollTime = busyPollTime
      let server = try RunningServer(exports, limits: limits)
      let client = try NBDTestClient(unixPath: server.path)
      for piece in pieces {
        try client.send(piece)
        if pieces.count > 1 { usleep(300) }
      }
      // It may have closed already.
      try? client.endSending()
      let said = try client.receiveUntilEOF(limit: 1 << 22)
      _ = holdsSoon { server.server.metrics.openCount == 0 }
      let metrics = server.server.metrics
      let counts = [
        metrics.connectionCount, metrics.transmissionCount, metrics.openCount,
        metrics.ends.total, metrics.tally.requests[.disconnect], metrics.tally.requests[.read],
        metrics.tally.readSize,
      ]
      return (said, "\(counts)")
    }

    @Test("whoever is quick and whoever is not are told the same", arguments: conversations)
    func sameForAll(pieces: [[UInt8]]) throws {
      let expected = try Self.outcome(pieces, .zero)
      for time in [.microseconds(50), .milliseconds(2), .seconds(1)] as [Duration] {
        let outcome = try Self.outcome(pieces, time)
        #expect(outcome.said == expected.said, "\(time)")
        #expect(outcome.counts == expected.counts, "\(time)")
      }
    }

    /// Has a client that said everything already talk; what is left to be done then, and
    /// what was not taken.
    private static func visit(
      _ sent: [UInt8],
      of exports: [Export] = exports
    ) throws -> (next: NegotiationHandler.Beginning?, untaken: Int, said: Int) {
      let services = ConnectionServices(
        catalog: ExportCatalog(exports),
        nearClient: .unix,
        limits: ServerLimits(),
        logger: .silent,
        security: nil,
        eventLoops: [],
        onLastDisconnect: {}
      )
      var ends: [CInt] = [-1, -1]
      let status = unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
      try #require(status == 0)
      let (near, far) = (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
      defer {
        try? near.close()
        try? far.close()
      }
      if !sent.isEmpty { try far.writeAll(sent) }
      let channel = EmbeddedChannel()
      defer { _ = try? channel.finish() }
      var visit = Visit(channel, near.rawValue, services, Dialogue(services))
      let next = visit.talk { _ = $0() }
      var said = 0
      var room = [UInt8](repeating: 0, count: 1 << 20)
      var count = 0
      repeat {
        count = unsafe recv(far.rawValue, &room, room.count, CInt(MSG_DONTWAIT))
        said += max(0, count)
      } while count > 0
      return (next, visit.dialogue.inbound.readableBytes, said)
    }

    @Test("who only asks, or leaves at once, needs no place")
    func shortVisits() throws {
      for sent in [
        Self.flags + Self.abort, Self.flags + Self.list + Self.abort,
        Self.flags + Self.go() + Self.disconnect, [0, 0, 0, 4],
        Self.flags + Self.go("nothing") + Self.go() + Self.disconnect,
      ] {
        let visit = try Self.visit(sent)
        #expect(visit.next == nil && visit.said >= 18)
      }
    }

    @Test("who is slow, reads, or wants what takes a while goes on elsewhere")
    func longVisits() throws {
      guard case .middle(_, _, .incomplete)? = try Self.visit([]).next else {
        Issue.record("silence is no end")
        return
      }
      guard case .middle(_, _, .incomplete)? = try Self.visit(Self.flags + Self.list).next else {
        Issue.record("an answer is no end")
        return
      }
      for request in [Self.read, Array(Self.disconnect.dropLast())] {
        let visit = try Self.visit(Self.flags + Self.go() + request)
        guard case .middle(_, _, .transmit(let unsaid, _, _))? = visit.next, unsaid.isEmpty else {
          Issue.record("a request is no end")
          return
        }
        #expect(visit.untaken == request.count)
      }
      for name in ["yours", "later"] {
        let visit = try Self.visit(Self.flags + Self.go(name) + Self.disconnect)
        guard case .middle(_, _, .find(let search))? = visit.next else {
          Issue.record("nobody else is to make it")
          return
        }
        #expect(search.export.name == name && visit.untaken == Self.disconnect.count)
      }
    }

    @Test("what the socket does not take is sent elsewhere")
    func unsent() throws {
      let description = String(repeating: "x", count: 4000)
      let many = (0..<100).map {
        Export(name: "\($0)", description: description, disk: Disk([1]))
      }
      let visit = try Self.visit(Self.flags + Self.list + Self.abort, of: many)
      guard case .middle(_, let unsent, .incomplete)? = visit.next else {
        Issue.record("it cannot have sent everything")
        return
      }
      #expect(unsent.readableBytes > 0 && visit.said > 0)
    }

    @Test("a client that is gone when it gets its place harms nobody")
    func goneEarly() throws {
      var limits = ServerLimits()
      limits.busyPollTime = .milliseconds(100)
      let server = try RunningServer(Self.exports, limits: limits)
      for name in ["yours", "later", "disk"] {
        // More than a visit takes at a time.
        let rest = Array(Array(repeating: Self.list, count: 1000).joined())
        for attempt in 0..<50 {
          let client = try NBDTestClient(unixPath: server.path)
          try client.readGreeting()
          try client.send(Self.flags + Self.list + Self.go(name) + (attempt % 2 == 0 ? rest : []))
          client.close()
        }
      }
      #expect(holdsSoon { server.server.metrics.connectionCount == 150 })
      #expect(holdsSoon { server.server.metrics.openCount == 0 })
      try server.checkService()
    }

    /// Knows how many clients came.
    private final class Observer: ReadObserver {
      func begin(client: ClientAddress, disk: Disk) -> Int { 0 }
      func note(_ range: Range<Int>, connection: Int) {}
      func end(connection: Int) {}
    }

    @Test("who is watched is watched from the start")
    func watched() throws {
      var export = Export(name: "disk", description: "", disk: Disk([1]))
      export.observer = Observer()
      let visit = try Self.visit(Self.flags + Self.go() + Self.disconnect, of: [export])
      guard case .middle(_, _, .transmit)? = visit.next else {
        Issue.record("the observer was not told")
        return
      }
      #expect(visit.untaken == Self.disconnect.count)
    }
  }
}
