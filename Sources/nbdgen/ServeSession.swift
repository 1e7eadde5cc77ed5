import CHost
import DiskModel
import GeneratorKit
import Logging
import NBDServer
import SystemPackage

/// One run of the command: builds the disk, serves it, and cleans up.
struct ServeSession {
  var recipe: DiskRecipe
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
  /// Where it is written what clients read; `nil` for nowhere.
  var tracePath: String?

  /// Serves until a signal, or the command's end.
  ///
  /// - Returns: The exit status.
  /// - Throws: ``UserError``; nothing is left behind.
  func run() throws -> Int32 {
    var generated = try recipe.build()
    for note in generated.notes { StandardError.print("nbdgen: note: \(note)") }
    let recorder = try tracePath.map { try TraceRecorder($0, of: generated) }
    defer { recorder?.finish() }
    // What the disk itself does not need.
    generated.makeMap = nil

    var leftovers = Leftovers()
    defer { leftovers.remove() }
    let end = ClientsEnd()
    let server = try start(generated, recorder, &leftovers, end)
    defer {
      server.stop()
      if isVerbose { report(server) }
    }
    var actions = SignalActions(report: { report(server) })
    if log.path != nil { actions.reopenLog = { reopenLog() } }
    try serveMetrics(server)
    if endsWithClients {
      _ = host_descriptor_limit(1)
      if let pidFile { try leftovers.write("\(host_process_number())\n", to: pidFile) }
      return waitForSignal(actions, orEnd: end)
    }
    let uri = ExportURI(server.endpoint, exportName: exportName, security: security)
    if let pidFile { try leftovers.write("\(host_process_number())\n", to: pidFile) }
    if command == nil || isVerbose { announce(generated, uri) }
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
    _ generated: GeneratedDisk,
    _ recorder: TraceRecorder?,
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
        catalog: catalog(generated, recorder),
        limits: limits,
        security: security,
        logger: logger,
        onLastDisconnect: { [endsWithClients] in if endsWithClients { end.signal() } }
      )
    } catch {
      throw UserError(host: error.description)
    }
  }

  /// The export that clients see; one that depends on its name has any.
  private func catalog(_ generated: GeneratedDisk, _ recorder: TraceRecorder?) -> ExportCatalog {
    switch generated.content {
    case .disk(let disk):
      var export = Export(name: exportName, description: generated.summary, disk: disk)
      export.observer = recorder
      return ExportCatalog([export])
    case .perSession(let recipe):
      let content = Export.Content.perSession(SessionDisk(recipe))
      var export = Export(name: "", description: generated.summary, content: content)
      export.observer = recorder
      return ExportCatalog([export], other: export)
    }
  }

  /// Says in one line what is served, where, and how to use it.
  private func announce(_ generated: GeneratedDisk, _ uri: ExportURI) {
    let size = generated.disk.map { ", " + Size.describe($0.size) } ?? ""
    let drive = "-drive \(uri.drive),if=virtio,readonly=on"
    let recipe = generated.recipe.map { ", recipe \($0)" } ?? ""
    StandardError.print(
      "nbdgen: \(generated.summary)\(size)\(recipe), at \(uri.text); in qemu: \(drive)"
    )
  }

  private var logger: Logger {
    var handler = LineLog(output: log)
    if isVerbose { handler.logLevel = .debug }
    return Logger(label: "nbdgen") { [handler] _ in handler }
  }

  private func serveMetrics(_ server: NBDServer) throws {
    guard let metricsEndpoint else { return }
    do throws(ServerError) {
      let place = try server.serveMetrics(on: metricsEndpoint)
      StandardError.print("nbdgen: metrics at \(ExportURI.metrics(place))")
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
