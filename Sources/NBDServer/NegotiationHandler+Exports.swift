import DiskModel
import NBDProtocol
import NIOCore
import NIOSSL

extension NegotiationHandler {
  typealias Finding = Dialogue.Finding
  typealias Search = Dialogue.Search

  /// Makes the disk of an export, on a thread that no other connection waits for.
  func find(_ search: Search, _ context: ChannelHandlerContext) {
    guard case .deferred(let deferred) = search.export.content else {
      return take(search.export.content, search, context)
    }
    if let content = deferred.content { return take(content, search, context) }
    state = .finding
    let eventLoop = context.eventLoop
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: eventLoop)
    let number = deferred.whenMade(by: services.builders) { result in
      eventLoop.execute {
        let (handler, context) = bound.value
        handler.wait = nil
        handler.takeMade(result, search, context)
      }
    }
    wait = (deferred, number)
  }

  /// Goes on with content that others may have waited for, too.
  private func takeMade(
    _ result: Result<Export.Content, SessionDiskError>,
    _ search: Search,
    _ context: ChannelHandlerContext
  ) {
    guard case .finding = state else { return }
    switch result {
    case .success(.disk(let disk)):
      resume(search.finding(disk), context)
    case .success(let content):
      take(content, search, context)
    case .failure(let error):
      var finding = search.finding(.failure(ExportRefusal(error.problem)))
      finding.isPassing = true
      resume(finding, context)
    }
  }

  /// Makes a disk of content that is at hand.
  private func take(
    _ content: Export.Content,
    _ search: Search,
    _ context: ChannelHandlerContext
  ) {
    switch content {
    case .disk(let disk):
      finish(search.finding(disk), context)
    case .perSession(let recipe):
      let session = session(search.realName, context)
      state = .finding
      let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
      services.makers.submit { [channel = context.channel] isActive in
        // Nothing is made for a client that has gone.
        guard isActive, channel.isActive else { return }
        let result = Self.make(recipe, for: session, search)
        channel.eventLoop.execute {
          let (handler, context) = bound.value
          handler.resume(search.finding(result), context)
        }
      }
    case .deferred:
      preconditionFailure("what is made is not deferred once more")
    }
  }

  private static func make(
    _ recipe: SessionDisk,
    for session: Session,
    _ search: Search
  ) -> Result<ResolvedExport, ExportRefusal> {
    do throws(SessionDiskError) {
      let disk = try recipe.make(session)
      return .success(search.resolved(disk, isSameForAll: recipe.isSameForAll))
    } catch {
      return .failure(ExportRefusal(error.problem))
    }
  }

  /// What is known of the connection.
  private func session(_ name: [UInt8], _ context: ChannelHandlerContext) -> Session {
    let client = services.client(of: context.channel)
    var facts = [(subject: "address", value: "\(client)")]
    facts.append(("TLS", tls(context)))
    facts += dialogue.negotiation.facts.map { ($0.subject, $0.value) }
    return Session(exportName: name, client: client, connectedAt: connectedAt, facts: facts)
  }

  private func tls(_ context: ChannelHandlerContext) -> String {
    guard dialogue.negotiation.isEncrypted else { return "no" }
    switch try? context.pipeline.syncOperations.nioSSL_tlsVersion() {
    case .tlsv12: return "yes, TLS 1.2"
    case .tlsv13: return "yes, TLS 1.3"
    default: return "yes"
    }
  }
}
