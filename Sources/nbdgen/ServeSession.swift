import CHost
import Logging
import NBDServer
import SystemPackage

/// One run of the command: builds what is to be served, serves it, and cleans up.
struct ServeSession {
  var offering: Offering
  var endpoint: EndpointChoice
  var limits: ServerLimits
  var exportName: String
  /// How connections are encrypted; `nil` if they are not.
  var security: TransportSecurity?
  /// What to run while the disk is served.
  var command: String?
  var pidFile: String?
  /// Where log lines go.
  var log: LogOutput
  /// Where metrics are served; `nil` for nowhere.
  var metricsEndpoint: Endpoint?
  var isVerbose: Bool
  /// Whether only errors are told.
  var isQuiet: Bool
  /// Whether a program is told what is served.
  var isJSON: Bool
  /// Where it is written what clients read; `nil` for nowhere.
  var tracePath: String?

  /// Serves until a signal, or the command's end.
  ///
  /// - Returns: The exit status.
  /// - Throws: ``UserError``; nothing is left behind.
  func run() throws -> Int32 {
    let offer = try offering.offer(named: exportName, logger, isQuiet: isQuiet, trace: tracePath)
    if !isQuiet { for note in offer.notes { StandardError.print("nbdgen: note: \(note)") } }
    defer { offer.recorder?.finish() }

    var leftovers = Leftovers()
    defer { leftovers.remove() }
    let end = ClientsEnd()
    let server = try start(offer, &leftovers, end)
    defer {
      server.stop()
      if isVerbose { report(server) }
    }
    let actions = actions(offer, server)
    try serveMetrics(server)
    if endsWithClients {
      _ = host_descriptor_limit(1)
      if let pidFile { try leftovers.write("\(host_process_number())\n", to: pidFile) }
      return waitForSignal(actions, orEnd: end)
    }
    let uri = ExportURI(server.endpoint, exportName: exportName, security: security)
    if let pidFile { try leftovers.write("\(host_process_number())\n", to: pidFile) }
    if command == nil || isVerbose { announce(offer, uri, server.endpoint) }
    guard let command else {
      _ = host_descriptor_limit(1)
      return waitForSignal(actions)
    }
    let captive = try CaptiveCommand(command, uri)
    // Only now: the command gets the limit that nbdgen was given.
    _ = host_descriptor_limit(1)
    return captive.wait(actions)
  }

  /// Whether nobody else can come when the last client has gone.
  private var endsWithClients: Bool {
    switch endpoint {
    case .single, .inherited(_, endsWithClients: true): true
    case .endpoint, .temporarySocket, .inherited: false
    }
  }

  private func start(
    _ offer: Offer,
    _ leftovers: inout Leftovers,
    _ end: ClientsEnd
  ) throws -> NBDServer {
    let endpoint: Endpoint
    switch self.endpoint {
    case .endpoint(let given):
      endpoint = given
    case .temporarySocket(let mode):
      endpoint = .unix(path: try leftovers.makeDirectory() + "/socket", mode: mode)
    case .single:
      endpoint = try StandardStreams.take()
    case .inherited(let descriptors, _):
      endpoint = .inherited(descriptors)
    }
    do throws(ServerError) {
      return try NBDServer(
        on: endpoint,
        catalog: offer.catalog,
        limits: limits,
        security: security,
        logger: logger,
        onLastDisconnect: { [endsWithClients] in if endsWithClients { end.signal() } }
      )
    } catch {
      throw UserError(host: error.description)
    }
  }

  /// Says what is served, where, and how to use it: in one line for people, or as an
  /// object for programs.
  private func announce(_ offer: Offer, _ uri: ExportURI, _ endpoint: Endpoint) {
    guard isJSON else {
      if isQuiet { return }
      let drive = "-drive \(uri.drive),if=virtio,readonly=on"
      return StandardError.print("nbdgen: \(offer.headline), at \(uri.text); in qemu: \(drive)")
    }
    var facts = offer.facts
    facts.add("uri", uri.text)
    facts.add("export", exportName)
    switch endpoint {
    case .unix(let path, _): facts.add("socket", path)
    case .tcp(_, let port): facts.add("port", port)
    case .vsock(_, let port): facts.add("port", Int(port))
    case .inherited, .connection: break
    }
    facts.add("pid", Int(host_process_number()))
    StandardOutput.print(facts.text)
  }

  /// What signals do: one renews what there is to renew, or ends the program.
  private func actions(_ offer: Offer, _ server: NBDServer) -> SignalActions {
    var actions = SignalActions(report: { report(server) })
    if log.path != nil || offer.renew != nil {
      actions.renew = {
        if log.path != nil { reopenLog() }
        offer.renew?(server)
      }
    }
    return actions
  }

  private var logger: Logger {
    var handler = LineLog(output: log)
    if isQuiet { handler.logLevel = .error }
    if isVerbose { handler.logLevel = .debug }
    return Logger(label: "nbdgen") { [handler] _ in handler }
  }

  private func serveMetrics(_ server: NBDServer) throws {
    guard let metricsEndpoint else { return }
    do throws(ServerError) {
      let place = try server.serveMetrics(on: metricsEndpoint)
      if !isQuiet { StandardError.print("nbdgen: metrics at \(ExportURI.metrics(place))") }
    } catch {
      throw UserError(host: "--metrics: \(error.description)")
    }
  }

  /// Says what the server has done so far.
  private func report(_ server: NBDServer) {
    let statistics = Statistics(metrics: server.metrics)
    switch log.format {
    case .json:
      let metadata = statistics.fields.map { ($0.key, Logger.MetadataValue.string($0.value)) }
      logger.notice("statistics", metadata: Logger.Metadata(uniqueKeysWithValues: metadata))
    case .text:
      for line in statistics.lines { logger.notice("\(line)") }
    }
  }

  private func reopenLog() {
    if let problem = log.reopen() { logger.error("\(problem)") }
  }

  /// Waits for a signal that ends the server, which is a success.
  private func waitForSignal(_ actions: SignalActions, orEnd end: ClientsEnd? = nil) -> Int32 {
    var signal: Int32 = 0
    repeat {
      if end?.isReached == true { break }
      signal = actions.wait()
    } while signal == SignalNumber.child
    SignalNumber.exitAtOnceOnNext()
    return 0
  }
}
