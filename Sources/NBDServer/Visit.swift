import NBDProtocol
import NIOCore
import SystemPackage

/// A conversation with a client whose connection has no place in an event loop yet.
struct Visit {
  private let client: any Channel
  private let socket: CInt
  private let services: ConnectionServices
  private(set) var dialogue: Dialogue
  private var outbox: Outbox

  /// What the socket does not take because of an error, which somebody else will meet, too.
  private var unsent: ByteBuffer?

  /// Waits until something has happened, for a moment at most.
  typealias Wait = (_ hasHappened: () -> Bool) -> Void

  /// When nothing more is waited for: others may want to be accepted.
  private let end: NIODeadline

  /// The time that a client gets, in times of waiting for it.
  private static let turn = 10

  init(
    _ client: any Channel,
    _ socket: CInt,
    _ services: ConnectionServices,
    _ dialogue: Dialogue
  ) {
    self.client = client
    self.socket = socket
    self.services = services
    self.dialogue = dialogue
    outbox = Outbox(ByteBufferAllocator(), socket: socket)
    end = .now() + TimeAmount(services.limits.busyPollTime * Self.turn)
  }

  /// Greets the client, and answers it as long as it is quick.
  ///
  /// - Returns: Where to go on; `nil` if the conversation is over.
  mutating func talk(_ wait: Wait) -> NegotiationHandler.Beginning? {
    say(Greeting.encode())
    while true {
      let event = dialogue.next()
      switch event {
      case .incomplete:
        guard flush() else { return leave(.incomplete) }
        switch hear(wait) {
        case .something: break
        case .nothing: return leave(.incomplete)
        case .end: return nil
        }
      case .reply(let bytes):
        say(bytes)
        let isFull = outbox.count >= ConnectionLimits.batchSize
        guard !isFull || flush(), NIODeadline.now() < end else { return leave(.incomplete) }
      case .transmit(let bytes, let export, let agreement):
        say(bytes)
        if flush(), isOver(export, agreement.form, wait) { return nil }
        return leave(.transmit([], export, agreement))
      case .close(let bytes):
        say(bytes)
        return flush() ? nil : leave(.close([]))
      case .end(let reason, let message):
        services.logEnd(of: client, reason, message)
        return flush() ? nil : leave(.close([]))
      case .find, .startTLS:
        return leave(event)
      }
    }
  }

  /// Gives away the room for what arrives, once the conversation is over.
  mutating func takeRoom() -> ByteBuffer {
    var room = exchange(&dialogue.inbound, with: ByteBuffer())
    room.clear()
    return room
  }

  private mutating func leave(_ event: Dialogue.Event) -> NegotiationHandler.Beginning {
    .middle(socket, unsent: unsent ?? outbox.take(), event)
  }

  private mutating func say(_ bytes: [UInt8]) {
    var reply = ByteBuffer(bytes: bytes)
    outbox.append(&reply)
  }

  /// Sends what was said; `false` if the socket does not take all of it.
  private mutating func flush() -> Bool {
    switch outbox.send() {
    case .sent:
      return true
    case .stuck:
      return false
    case .notSent(let rest):
      unsent = rest
      return false
    }
  }

  private enum Hearing {
    case something
    case nothing
    /// The client sends nothing more.
    case end
  }

  /// Takes what the client says next.
  private mutating func hear(_ wait: Wait) -> Hearing {
    guard NIODeadline.now() < end else { return .nothing }
    let nothing = -Int64(Errno.wouldBlock.rawValue)
    var result = nothing
    if dialogue.inbound.readableBytes == 0 { dialogue.inbound.clear() }
    wait {
      result = dialogue.inbound.receive(from: socket)
      return result != nothing
    }
    if result < 0 && result != nothing {
      services.logEnd(of: client, .network, Errno(rawValue: CInt(-result)).description)
    }
    return result == nothing ? .nothing : result > 0 ? .something : .end
  }

  /// Sees whether a client leaves as soon as it has got its export.
  private mutating func isOver(
    _ export: ResolvedExport,
    _ form: ReplyForm,
    _ wait: Wait
  ) -> Bool {
    // Who wants to know what clients read wants to know of all of them.
    guard export.observer == nil else { return false }
    var hearing = Hearing.something
    while dialogue.inbound.readableBytes < Request.size(form), case .something = hearing {
      hearing = hear(wait)
    }
    let tally: LiveTally
    switch hearing {
    case .nothing:
      return false
    case .something:
      let request = Request(decoding: dialogue.inbound.readableBytesSpan, form: form)
      guard let request, request.command == .disconnect, request.payloadSize(form) == 0 else {
        return false
      }
      tally = services.metrics.begin()
      tally.count(.disconnect)
    case .end:
      tally = services.metrics.begin()
    }
    services.metrics.end(tally)
    services.noteUse(of: export, by: client)
    return true
  }
}
