import DiskModel
import NBDProtocol
import NIOCore
import NIOPosix
import NIOSSL

extension NegotiationHandler {
  /// An export that was found for one name.
  struct Finding {
    /// The name that the client used.
    var askedName: [UInt8]
    var result: Result<ResolvedExport, ExportRefusal>
  }

  /// Finds an export; what a client has to be asked for is made by a thread
  /// that no other connection waits for.
  func find(_ name: [UInt8], _ context: ChannelHandlerContext) {
    // What INFO told is what GO gets.
    if let lastFinding, lastFinding.askedName == name { return finish(lastFinding, context) }
    func finding(_ result: Result<ResolvedExport, ExportRefusal>) -> Finding {
      Finding(askedName: name, result: result)
    }
    guard let (export, realName) = services.catalog.export(named: name) else {
      return finish(finding(.failure(.notThere)), context)
    }
    switch export.content {
    case .disk(let disk):
      let resolved = ResolvedExport(disk, of: export, name: realName, isSameForAll: true)
      finish(finding(.success(resolved)), context)
    case .perSession(let recipe):
      let session = session(realName, context)
      state = .finding
      let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
      services.makers.submit { [channel = context.channel] state in
        // Nothing is made for a client that has gone.
        guard case .active = state, channel.isActive else { return }
        let result = Self.make(recipe, for: session, of: export)
        channel.eventLoop.execute {
          let (handler, context) = bound.value
          handler.resume(Finding(askedName: name, result: result), context)
        }
      }
    }
  }

  private static func make(
    _ recipe: SessionDisk,
    for session: Session,
    of export: Export
  ) -> Result<ResolvedExport, ExportRefusal> {
    do throws(SessionDiskError) {
      let disk = try recipe.make(session)
      let isSameForAll = recipe.isSameForAll
      let name = session.exportName
      return .success(ResolvedExport(disk, of: export, name: name, isSameForAll: isSameForAll))
    } catch {
      return .failure(ExportRefusal(error.problem))
    }
  }

  /// What is known of the connection.
  private func session(_ name: [UInt8], _ context: ChannelHandlerContext) -> Session {
    let client = services.client(of: context.channel)
    var facts = [(subject: "address", value: "\(client)")]
    facts.append(("TLS", tls(context)))
    facts += negotiation.facts.map { ($0.subject, $0.value) }
    return Session(exportName: name, client: client, connectedAt: connectedAt, facts: facts)
  }

  private func tls(_ context: ChannelHandlerContext) -> String {
    guard negotiation.isEncrypted else { return "no" }
    switch try? context.pipeline.syncOperations.nioSSL_tlsVersion() {
    case .tlsv12: return "yes, TLS 1.2"
    case .tlsv13: return "yes, TLS 1.3"
    default: return "yes"
    }
  }
}
