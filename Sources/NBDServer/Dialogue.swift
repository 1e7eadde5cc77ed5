import DiskModel
import NBDProtocol
import NIOCore

/// What a client and the server have to say to each other before transmission, as far as
/// nobody has to wait for it: bytes in, replies out, whoever carries them.
struct Dialogue {
  private(set) var negotiation: Negotiation

  /// The exports as they were when the client connected.
  private let catalog: ExportCatalog

  /// Most bytes of an option's data.
  private let optionSize: Int

  /// What has arrived, and was not taken.
  var inbound: ByteBuffer

  /// When the client began an option, or connected.
  var lastMessage = NIODeadline.now()

  private var stage = Stage.flags

  /// What the last lookup found; anything but one more lookup makes it stale.
  private var lastFinding: Finding?

  private enum Stage {
    case flags
    case header
    case data(OptionHeader)
  }

  /// An export that was found for one name.
  struct Finding {
    /// The name that the client used.
    var askedName: [UInt8]
    var result: Result<ResolvedExport, ExportRefusal>

    /// Whether asking once more may find something else.
    var isPassing = false
  }

  /// An export that a client asked for.
  struct Search {
    /// The name that the client used.
    var askedName: [UInt8]
    /// The name that it meant.
    var realName: [UInt8]
    var export: Export

    /// What came of it.
    func finding(_ result: Result<ResolvedExport, ExportRefusal>) -> Finding {
      Finding(askedName: askedName, result: result)
    }

    /// The disk that was found.
    func resolved(_ disk: Disk, isSameForAll: Bool) -> ResolvedExport {
      ResolvedExport(disk, of: export, name: realName, isSameForAll: isSameForAll)
    }

    /// What came of it where the disk is the same for everybody.
    func finding(_ disk: Disk) -> Finding {
      finding(.success(resolved(disk, isSameForAll: true)))
    }
  }

  /// What to do next.
  enum Event {
    /// Wait for more bytes.
    case incomplete
    /// Send the bytes.
    case reply([UInt8])
    /// Make the export's disk, and hand it to ``Dialogue/finish(_:)``.
    case find(Search)
    /// Send the bytes; then requests follow.
    case transmit([UInt8], ResolvedExport, Negotiation.Agreement)
    /// Send the bytes, and continue encrypted.
    case startTLS([UInt8])
    /// Send the bytes, and close the connection.
    case close([UInt8])
    /// Close the connection for something that the client did.
    case end(EndReason, String)
  }

  /// Begins with the client's flags, after the greeting was sent.
  ///
  /// - Parameters:
  ///   - services: What the server has.
  ///   - room: Where to put what arrives.
  init(_ services: ConnectionServices, room: ByteBuffer = ByteBuffer()) {
    catalog = services.catalog
    inbound = room
    optionSize = services.limits.optionSize
    let (limit, count) = (services.limits.options, catalog.exports.count)
    negotiation = Negotiation(tls: services.tlsMode, optionLimit: limit, exportCount: count)
  }

  /// Takes the next message of what has arrived.
  ///
  /// - Precondition: No search is due.
  mutating func next() -> Event {
    while true {
      switch stage {
      case .flags:
        guard let flags = inbound.readInteger(as: UInt32.self) else { return .incomplete }
        stage = .header
        if let step = negotiation.receive(clientFlags: flags) { return event(step) }
      case .header:
        guard let bytes = inbound.readBytes(length: OptionHeader.size) else { return .incomplete }
        guard let header = OptionHeader(decoding: bytes) else {
          return .end(.violation, "what it sent is no option")
        }
        guard header.dataSize <= optionSize else {
          let message = "an option has \(header.dataSize) bytes; \(optionSize) are allowed"
          return .end(.optionSize, message)
        }
        lastMessage = .now()
        stage = .data(header)
      case .data(let header):
        guard let data = inbound.readBytes(length: header.dataSize) else { return .incomplete }
        stage = .header
        return event(negotiation.receive(header, data: data))
      }
    }
  }

  /// Answers the option that a search was due for.
  mutating func finish(_ finding: Finding) -> Event {
    let step = negotiation.resolve(finding.result.map(\.information))
    if case .transmit(let bytes, let agreement) = step, case .success(let export) = finding.result {
      return .transmit(bytes, export, agreement)
    }
    let event = event(step)
    lastFinding = finding.isPassing ? nil : finding
    return event
  }

  /// Refuses what comes from now on.
  mutating func shutDown() { negotiation.shutDown() }

  private mutating func event(_ step: Negotiation.Step) -> Event {
    if case .find = step {} else { lastFinding = nil }
    switch step {
    case .send(let bytes): return .reply(bytes)
    case .find(let name): return find(name)
    case .check(let name): return event(negotiation.confirm(catalog.export(named: name) != nil))
    case .listExports: return event(negotiation.list(encoded: catalog.listing))
    case .transmit: preconditionFailure("transmission follows the lookup of an export")
    case .startTLS(let bytes): return .startTLS(bytes)
    case .close(let bytes): return .close(bytes)
    case .hangUp(let why):
      return .end(why == .tooManyOptions ? .options : .violation, why.message)
    }
  }

  private mutating func find(_ name: [UInt8]) -> Event {
    // What INFO told is what GO gets.
    if let lastFinding, lastFinding.askedName == name { return finish(lastFinding) }
    guard let (export, realName) = catalog.export(named: name) else {
      return finish(Finding(askedName: name, result: .failure(.notThere)))
    }
    let search = Search(askedName: name, realName: realName, export: export)
    switch export.content {
    case .disk(let disk):
      return finish(search.finding(disk))
    case .deferred(let deferred):
      guard case .disk(let disk)? = deferred.content else { return .find(search) }
      return finish(search.finding(disk))
    case .perSession:
      return .find(search)
    }
  }
}
