import NIOCore

/// Meets clients as they are accepted, and talks to those that are quick, before their
/// connections get a place in the event loop.
///
/// To give a connection its place, and to take that back, costs more than a whole
/// conversation with somebody who only asks what there is: its channel is registered, and
/// gets handlers, timers and promises. Whoever is not quick, begins to read, or wants what
/// takes a while to make, gets a place then, and goes on where the conversation was.
final class Reception: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private let services: ConnectionServices

  /// Waits for those that are quick, and learns whether there are any.
  private var busyPoll: BusyPoll

  /// Where to put what arrives: of one client after the other.
  private var room = ByteBuffer()

  init(_ services: ConnectionServices) {
    self.services = services
    busyPoll = BusyPoll(services.limits)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let client = unwrapInboundIn(data)
    let address = client.remoteAddress?.ipAddress
    guard services.admit(client, from: address) else { return client.close(promise: nil) }
    // It fails for those who have gone, as sending does.
    try? Binder.sendAtOnce(client)
    guard let handler = meet(client, context) else {
      client.close(promise: nil)
      services.forget(client, from: address)
      return
    }
    services.follow(client, from: address)
    do {
      try Binder.prepare(client)
      try client.pipeline.syncOperations.addHandler(handler)
      context.fireChannelRead(data)
    } catch {
      client.close(promise: nil)
    }
  }

  /// Talks to a client as long as it is quick, for a turn at most, if the event loop has no
  /// other one.
  ///
  /// - Returns: What goes on with the conversation; `nil` if it is over.
  private func meet(
    _ client: any Channel,
    _ context: ChannelHandlerContext
  ) -> NegotiationHandler? {
    let mayTalk = { [services] in services.isAlmostIdle(context.eventLoop) }
    guard mayTalk(), let socket = client.socket else { return NegotiationHandler(services) }
    let dialogue = Dialogue(services, room: exchange(&room, with: ByteBuffer()))
    var visit = Visit(client, socket, services, dialogue)
    let beginning = visit.talk { _ = busyPoll.wait(until: $0, while: mayTalk) }
    guard let beginning else {
      room = visit.takeRoom()
      return nil
    }
    return NegotiationHandler(services, visit.dialogue, beginning)
  }
}
