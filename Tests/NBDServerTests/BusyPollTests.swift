import Glibc
import NIOCore
import NIOPosix
import SystemPackage
import TestSupport
import Testing

@testable import NBDServer

/// Waiting awake for a client.
@Suite struct BusyPollTests {
  private static let group = MultiThreadedEventLoopGroup.singleton

  /// Calls `body` on an event loop with a connection, and with the descriptor of its
  /// other end.
  private func withConnection<Result: Sendable>(
    _ body: @escaping @Sendable (any Channel, CInt) -> Result
  ) throws -> Result {
    var ends: [CInt] = [-1, -1]
    let status = unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
    try #require(status == 0)
    let (near, far) = (ends[0], ends[1])
    defer { try? FileDescriptor(rawValue: far).close() }
    let channel = try ClientBootstrap(group: Self.group).withConnectedSocket(near).wait()
    defer { try? channel.close().wait() }
    return try channel.eventLoop.submit { body(channel, far) }.wait()
  }

  /// Waits once; how many times it was asked whether to go on.
  private static func looks(_ poll: inout BusyPoll, _ readiness: BusyPoll.Readiness) -> Int {
    var count = 0
    poll.wait(for: readiness) {
      count += 1
      return true
    }
    return count
  }

  @Test("a client that is slow is looked for ever more rarely, until it is quick again")
  func slowClients() throws {
    let (looks, again) = try withConnection { channel, far in
      var poll = BusyPoll(channel.socket, ServerLimits())
      let looks = (0..<500).map { _ in Self.looks(&poll, .readable) }
      // Asked at the start, even if it then does not look.
      let first = looks.filter { $0 > 1 }.count
      _ = try? FileDescriptor(rawValue: far).writeAll([1])
      // It looks again before long, then more often, and then each time.
      for _ in 0..<128 { _ = Self.looks(&poll, .readable) }
      let descriptor = try? channel.pipeline.syncOperations
        .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
      var byte: UInt8 = 0
      if let descriptor { _ = unsafe recv(descriptor, &byte, 1, 0) }
      // On a busy machine it may have paused, for seconds at most.
      let end = NIODeadline.now() + .seconds(20)
      var again = 0
      repeat { again = Self.looks(&poll, .readable) } while again <= 1 && .now() < end
      return (first, again)
    }
    #expect((1...12).contains(looks))
    #expect(again > 1)
  }

  @Test("what is there already is not waited for, and a limit of nothing looks for nothing")
  func nothingToWaitFor() throws {
    let (ready, writable, never, refused) = try withConnection { channel, far in
      _ = try? FileDescriptor(rawValue: far).writeAll([1])
      var poll = BusyPoll(channel.socket, ServerLimits())
      var limits = ServerLimits()
      limits.busyPollTime = .zero
      var none = BusyPoll(channel.socket, limits)
      var asked = 0
      poll.wait(for: .readable) {
        asked += 1
        return false
      }
      return (
        Self.looks(&poll, .readable), Self.looks(&poll, .writable), Self.looks(&none, .readable),
        asked
      )
    }
    #expect((ready, writable, never, refused) == (1, 1, 0, 1))
  }
}
