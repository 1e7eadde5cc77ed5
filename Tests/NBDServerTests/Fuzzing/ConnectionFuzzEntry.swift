import DiskModel
import Logging
import NIOCore
import NIOEmbedded
import TestSupport

@testable import NBDServer

/// Serves somebody who sends whatever the bytes say, by the handlers that serve
/// real connections: what the fuzzer does with every input, and the replay with
/// each that once was a finding.
///
/// The bytes are how the client reads, how it ends, where what it sends is cut, a
/// disk, and all that it sends.
package func checkConnection(_ bytes: [UInt8]) throws {
  var input = FuzzInput(bytes)
  let room = Int(input.byte())
  let ending = input.byte()
  let cuts = (0..<input.choice(of: 8)).map { _ in Int(input.byte()) }
  let exports = [
    (name: "disk", disk: FuzzDisk(&input)), (name: "ö", disk: FuzzDisk(&input)),
  ]
  let sent = input.bytes(input.count)
  var limits = ServerLimits()
  limits.options = 100
  limits.optionSize = 8192
  // Long enough for replies in several pieces.
  limits.requestSize = 1 << 18
  let services = ConnectionServices(
    catalog: ExportCatalog(
      exports.map { Export(name: $0.name, description: "a disk", disk: $0.disk.disk) }
    ),
    nearClient: .unix,
    limits: limits,
    logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() },
    security: nil,
    eventLoops: [],
    onLastDisconnect: {}
  )
  var peer = try FuzzPeer(services, sent: sent, cuts: cuts, room: room, ending: ending)
  defer { peer.close() }
  try peer.converse()
  let judge = ConnectionJudge(
    exports: exports.map { (Array($0.name.utf8), $0.disk) },
    optionLimit: limits.options,
    optionSizeLimit: limits.optionSize,
    lengthLimit: limits.requestSize,
    isCutShort: peer.isCutShort
  )
  try judge.check(peer.socket.said, to: sent)
}

/// The client's side of a connection: what arrives when.
private struct FuzzPeer {
  private let channel: EmbeddedChannel
  let socket: FakeSocket

  /// What the client sends, in the pieces in which it arrives.
  private var segments: ArraySlice<[UInt8]>
  private let room: Int
  private let ending: Ending
  private var hasEnded = false

  /// How the client, or the server, ends the connection.
  private enum Ending: Equatable {
    /// The client has said everything.
    case endOfFile
    /// The client vanishes.
    case reset
    /// The server is told to end after so many segments.
    case shutdown(Int)
  }

  init(
    _ services: ConnectionServices,
    sent: [UInt8],
    cuts: [Int],
    room: Int,
    ending: UInt8
  ) throws {
    segments = Self.segments(of: sent, cuts)[...]
    self.room = room == 0 ? .max : room << 6
    switch ending & 0xC0 {
    case 0x40: self.ending = .reset
    case 0x80: self.ending = .shutdown(Int(ending & 0x3F))
    default: self.ending = .endOfFile
    }
    channel = EmbeddedChannel()
    socket = FakeSocket(channel, room: self.room)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(socket)
    try pipeline.addHandler(NegotiationHandler(services))
    channel.connect(to: try SocketAddress(unixDomainSocketPath: "/fuzz"), promise: nil)
    pipeline.read()
  }

  /// Whether the server may leave something unanswered.
  var isCutShort: Bool { ending != .endOfFile && hasEnded }

  /// Cuts bytes into pieces; sizes are used over and over, and 0 is all that is left.
  private static func segments(of bytes: [UInt8], _ cuts: [Int]) -> [[UInt8]] {
    var segments: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let cut = cuts.isEmpty ? 0 : cuts[segments.count % cuts.count]
      segments.append(Array(rest.prefix(cut == 0 ? rest.count : cut)))
      rest = rest.dropFirst(cut == 0 ? rest.count : cut)
    }
    return segments
  }

  /// How often the peer waits for the server in vain.
  private static let patience = 300

  /// Sends everything and reads what comes, until the server closes.
  mutating func converse() throws {
    let segmentCount = segments.count
    var vainCount = 0
    while channel.isActive {
      if case .shutdown(segmentCount - segments.count) = ending, !hasEnded {
        hasEnded = true
        channel.pipeline.fireUserInboundEventTriggered(ServerIsShuttingDown())
      }
      let saidBefore = socket.said.count
      if socket.isReading, let segment = segments.popFirst() {
        socket.deliver(segment)
        vainCount = 0
      } else if socket.isReading && !hasEnded {
        end()
      } else {
        socket.drain(room)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        vainCount = socket.said.count > saidBefore ? 0 : vainCount + 1
      }
      try expect(vainCount < Self.patience, "the server neither reads, nor writes, nor closes")
    }
  }

  private mutating func end() {
    hasEnded = true
    switch ending {
    case .reset: channel.close(promise: nil)
    case .endOfFile, .shutdown:
      channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }

  /// Leaves nothing behind.
  func close() {
    if channel.isActive { channel.close(promise: nil) }
    // Whoever gave way, or bade farewell, comes back, and lets go of the connection.
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
  }
}
