import DiskModel
import Logging
import NBDProtocol
import NIOCore

extension NegotiationHandler {
  /// Puts the handler of the second phase in place of this one.
  func transmit(
    _ export: ResolvedExport,
    _ agreement: Negotiation.Agreement,
    _ context: ChannelHandlerContext
  ) {
    state = .ended
    // It may be gone by now.
    guard context.channel.isActive else { return }
    services.noteUse(of: export, by: context.channel)
    let responder = Responder(
      disk: export.disk,
      form: agreement.form,
      contexts: agreement.contexts,
      lengthLimit: services.limits.requestSize
    )
    let watch = ReadWatch(
      export.observer,
      client: services.client(of: context.channel),
      disk: export.disk
    )
    // What TLS encrypts has to go through it.
    let handler = TransmissionHandler(
      responder,
      services,
      BusyPoll(socket, services.limits),
      socket: dialogue.negotiation.isEncrypted ? nil : socket,
      watch
    )
    let pipeline = context.pipeline.syncOperations
    do {
      try handler.prepare(context.channel)
      try pipeline.addHandler(handler, position: .after(self))
      let rest = dialogue.inbound
      dialogue.inbound = ByteBuffer()
      if rest.readableBytes > 0 {
        context.fireChannelRead(wrapInboundOut(rest))
        context.fireChannelReadComplete()
      }
      if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
      gate.open(context)
      pipeline.removeHandler(self, promise: nil)
    } catch {
      context.close(promise: nil)
    }
  }
}

extension ConnectionServices {
  /// Logs that a client has got as far as to use an export.
  func noteUse(of export: ResolvedExport, by channel: any Channel) {
    // What it says takes longer to find out than to leave unsaid.
    guard logger.logLevel <= .debug else { return }
    let name = HostPath.printable(export.information.name)
    logger.debug(
      "a client uses export \(name)",
      metadata: ["client": "\(client(of: channel))", "export": "\(name)"]
    )
  }
}
