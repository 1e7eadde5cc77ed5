/// The first phase of a connection, as a value: options in, replies and the next
/// state out.
///
/// It does no input or output, and looks up no export itself.
public struct Negotiation: Sendable {
  /// What to do next.
  public enum Step: Sendable, Equatable {
    /// Send the bytes, and wait for the next option.
    case send([UInt8])
    /// Look the export up, make it if need be, and hand it to ``resolve(_:)``.
    case find(name: [UInt8])
    /// See whether there may be an export of this name, and tell
    /// ``confirm(_:)``; nothing needs to be made for that.
    case check(name: [UInt8])
    /// Hand all exports that may be named to ``list(_:)``.
    case listExports
    /// Send the bytes; then requests follow.
    case transmit([UInt8], Agreement)
    /// Send the bytes, and continue encrypted; what arrived before that, and was
    /// not looked at, is worth nothing.
    case startTLS([UInt8])
    /// Send the bytes, and close the connection.
    case close([UInt8])
    /// Close the connection, as there is no reply that could say why.
    case hangUp(HangUp)
  }

  /// What was agreed on for the second phase.
  public struct Agreement: Sendable, Equatable {
    /// The export as it was resolved last.
    public var export: ExportInformation
    /// In which form requests are replied to.
    public var form: ReplyForm
    /// What block status may be asked for.
    public var contexts: [MetaContext]
  }

  /// How many options a client may send, in all.
  private let optionLimit: Int

  let tls: TLSMode

  /// Whether what is agreed on is agreed on under TLS.
  public private(set) var isEncrypted = false

  private(set) var handshake: HandshakeFlags?
  private(set) var form = ReplyForm.simple
  private(set) var selection: Selection?

  /// The option that waits for an export.
  private(set) var pending: Pending?

  private var optionCount = 0

  /// Whether everything but leaving is refused from now on.
  private var isShuttingDown = false

  /// The options so far, up to a limit.
  private(set) var history: [OptionCode] = []

  /// How many options are remembered.
  private static let historyLimit = 100

  /// The contexts that `SET_META_CONTEXT` selected, for one export.
  struct Selection: Sendable {
    var exportName: [UInt8]
    var contexts: [MetaContext]
  }

  /// An option that waits for an export to be looked up.
  enum Pending: Sendable {
    case exportName([UInt8])
    case information(ExportRequest, OptionCode)
    case contexts(MetaContextRequest, OptionCode)
    case list
  }

  /// Starts a negotiation; the client's flags come first.
  ///
  /// - Parameters:
  ///   - tls: What the server thinks of TLS.
  ///   - optionLimit: How many options the client may send if there is one export; there
  ///     are more for each further one.
  ///   - exportCount: How many exports the client may ask for.
  public init(tls: TLSMode = .off, optionLimit: Int = 10_000, exportCount: Int = 1) {
    self.tls = tls
    self.optionLimit = Self.optionLimit(optionLimit, exportCount: exportCount)
  }

  /// Refuses what comes from now on, as the server is about to end.
  public mutating func shutDown() { isShuttingDown = true }

  /// Takes the client's flags.
  ///
  /// - Returns: `nil` to go on with options, or the end for a client that
  ///   answers with flags that were not offered.
  public mutating func receive(clientFlags: UInt32) -> Step? {
    guard let bits = UInt16(exactly: clientFlags),
      HandshakeFlags.all.isSuperset(of: HandshakeFlags(rawValue: bits))
    else { return .hangUp(.unknownFlags) }
    handshake = HandshakeFlags(rawValue: bits)
    return nil
  }

  /// Takes an option with its data.
  ///
  /// - Precondition: The client's flags were received, and no lookup is due.
  public mutating func receive(_ header: OptionHeader, data: [UInt8]) -> Step {
    precondition(handshake != nil && pending == nil, "options come one at a time, after the flags")
    optionCount += 1
    guard optionCount <= optionLimit else { return .hangUp(.tooManyOptions) }
    if history.count < Self.historyLimit { history.append(header.code) }
    if isShuttingDown && header.code != .abort { return refuseToShutDown(header.code) }
    if let refusal = refusalInTheClear(header.code) { return refusal }
    switch header.code {
    case .exportName:
      // The specification wants GO with extended headers.
      guard isName(data), form != .extended else { return .hangUp(.wrongExportName) }
      return find(data, for: .exportName(data))
    case .abort:
      return .close(OptionReply(.abort, .acknowledgement).encode())
    case .list:
      guard data.isEmpty else { return invalid(.list, "NBD_OPT_LIST takes no data") }
      pending = .list
      return .listExports
    case .info, .go:
      return receiveExportRequest(header.code, data)
    case .structuredReply:
      guard data.isEmpty else {
        return invalid(header.code, "NBD_OPT_STRUCTURED_REPLY takes no data")
      }
      guard form != .extended else {
        return refuse(header.code, .extendedHeaderRequired, "extended headers were negotiated")
      }
      form = .structured
      return .send(OptionReply(header.code, .acknowledgement).encode())
    case .extendedHeaders:
      guard data.isEmpty else {
        return invalid(header.code, "NBD_OPT_EXTENDED_HEADERS takes no data")
      }
      form = .extended
      return .send(OptionReply(header.code, .acknowledgement).encode())
    case .listMetaContext, .setMetaContext:
      return receiveContextRequest(header.code, data)
    case .startTLS:
      return startTLS(data)
    default:
      return refuse(header.code, .unsupported, "the server does not know this option")
    }
  }

  private func refuseToShutDown(_ code: OptionCode) -> Step {
    guard code != .exportName else { return .hangUp(.shuttingDown) }
    return refuse(code, .shutdown, "the server is shutting down")
  }

  /// Starts anew under TLS: somebody else may have said what came in the clear.
  private mutating func startTLS(_ data: [UInt8]) -> Step {
    if let refusal = refusalOfTLS(data) { return refusal }
    isEncrypted = true
    form = .simple
    selection = nil
    return .startTLS(OptionReply(.startTLS, .acknowledgement).encode())
  }

  private mutating func receiveExportRequest(_ code: OptionCode, _ data: [UInt8]) -> Step {
    guard let request = ExportRequest(decoding: data) else {
      return invalid(code, "the lengths in the option do not agree")
    }
    guard isName(request.name) else { return invalidName(code) }
    return find(request.name, for: .information(request, code))
  }

  private mutating func receiveContextRequest(_ code: OptionCode, _ data: [UInt8]) -> Step {
    // Whatever comes of it, selecting replaces what was selected before.
    if code == .setMetaContext { selection = nil }
    guard let request = MetaContextRequest(decoding: data) else {
      return invalid(code, "the lengths in the option do not agree")
    }
    guard isName(request.name) else { return invalidName(code) }
    if code == .setMetaContext && form == .simple {
      return invalid(code, "meta contexts need structured replies, which come first")
    }
    pending = .contexts(request, code)
    return .check(name: request.name)
  }

  /// Takes the export that was to be found, or why there is none.
  ///
  /// - Precondition: ``Step/find(name:)`` was the last step.
  public mutating func resolve(_ result: Result<ExportInformation, ExportRefusal>) -> Step {
    defer { pending = nil }
    switch pending {
    case .exportName where isShuttingDown:
      return .hangUp(.shuttingDown)
    case .information(_, let code) where isShuttingDown:
      return refuseToShutDown(code)
    case .exportName(let name):
      guard case .success(let export) = result else { return .hangUp(.unknownExport) }
      let agreement = agreement(on: export, name: name)
      return .transmit(exportNameReply(agreement), agreement)
    case .information(let request, let code):
      switch result {
      case .success(let export):
        let agreement = agreement(on: export, name: request.name)
        let bytes = information(agreement, for: request, code)
        return code == .go ? .transmit(bytes, agreement) : .send(bytes)
      case .failure(let refusal):
        return refuse(code, .unknown, refusal.message)
      }
    case .contexts, .list, nil:
      preconditionFailure("an export is resolved when it was to be found")
    }
  }

  /// Takes whether there may be an export of the name.
  ///
  /// - Precondition: ``Step/check(name:)`` was the last step.
  public mutating func confirm(_ mayExist: Bool) -> Step {
    guard case .contexts(let request, let code) = pending else {
      preconditionFailure("an export is confirmed when it was to be checked")
    }
    pending = nil
    guard mayExist else { return refuse(code, .unknown, ExportRefusal.notThere.message) }
    return contexts(request, code)
  }

  /// Takes the exports that may be named.
  ///
  /// - Precondition: ``Step/listExports`` was the last step.
  public mutating func list(_ exports: [(name: String, description: String)]) -> Step {
    list(encoded: Self.encodeList(of: exports))
  }

  /// Takes what ``encodeList(of:)`` made of the exports that may be named.
  ///
  /// - Precondition: ``Step/listExports`` was the last step.
  public mutating func list(encoded replies: [UInt8]) -> Step {
    guard case .list = pending else {
      preconditionFailure("exports are listed when that was the step")
    }
    pending = nil
    return .send(replies)
  }
}

// What is answered.
extension Negotiation {
  private mutating func find(_ name: [UInt8], for option: Pending) -> Step {
    pending = option
    return .find(name: name)
  }

  private func agreement(on export: ExportInformation, name: [UInt8]) -> Agreement {
    let isSelected = selection?.exportName == name
    return Agreement(
      export: export,
      form: form,
      contexts: isSelected ? selection?.contexts ?? [] : []
    )
  }

  private func transmissionFlags(_ agreement: Agreement) -> TransmissionFlags {
    var flags = TransmissionFlags.readOnlyDisk
    if agreement.export.isSameForAll { flags.insert(.canMultiConn) }
    if form != .simple { flags.insert(.sendDF) }
    if form == .extended && !agreement.contexts.isEmpty { flags.insert(.blockStatusPayload) }
    return flags
  }

  /// Size and flags, and zeros for clients that did not decline them.
  private func exportNameReply(_ agreement: Agreement) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: agreement.export.size)
    bytes.append(bigEndian: transmissionFlags(agreement).rawValue)
    let wantsZeroes = handshake?.contains(.noZeroes) != true
    return bytes + [UInt8](repeating: 0, count: wantsZeroes ? 124 : 0)
  }

  private func information(
    _ agreement: Agreement,
    for request: ExportRequest,
    _ code: OptionCode
  ) -> [UInt8] {
    let export = agreement.export
    func item(_ type: InformationType, _ fill: (inout [UInt8]) -> Void) -> [UInt8] {
      var data: [UInt8] = []
      data.append(bigEndian: type.rawValue)
      fill(&data)
      return OptionReply(code, .information, data: data).encode()
    }
    var bytes = item(.export) {
      $0.append(bigEndian: export.size)
      $0.append(bigEndian: transmissionFlags(agreement).rawValue)
    }
    // Strings are UTF-8; a name that is not can be used, but not be told.
    if request.information.contains(.name), String(validating: export.name, as: UTF8.self) != nil {
      bytes += item(.name) { $0 += export.name }
    }
    if request.information.contains(.description) && !export.description.isEmpty {
      bytes += item(.description) { $0 += Array(export.description.utf8) }
    }
    if request.information.contains(.blockSize) {
      bytes += item(.blockSize) {
        $0.append(bigEndian: BlockSizes.minimum)
        $0.append(bigEndian: BlockSizes.preferred)
        $0.append(bigEndian: BlockSizes.maximumPayload)
      }
    }
    return bytes + OptionReply(code, .acknowledgement).encode()
  }

  private mutating func contexts(_ request: MetaContextRequest, _ code: OptionCode) -> Step {
    let isSetting = code == .setMetaContext
    let contexts = MetaContext.allCases.filter { context in
      if isSetting { return request.queries.contains { context.isSelected(by: $0) } }
      return request.queries.isEmpty || request.queries.contains { context.isListed(by: $0) }
    }
    if isSetting { selection = Selection(exportName: request.name, contexts: contexts) }
    var bytes: [UInt8] = []
    for context in contexts {
      var data: [UInt8] = []
      // Identifiers mean something when a context is selected only.
      data.append(bigEndian: isSetting ? context.identifier : 0)
      bytes += OptionReply(code, .metaContext, data: data + Array(context.name.utf8)).encode()
    }
    return .send(bytes + OptionReply(code, .acknowledgement).encode())
  }

  private func isName(_ name: [UInt8]) -> Bool { name.count <= stringLimit && !name.contains(0) }

  private func invalidName(_ code: OptionCode) -> Step {
    invalid(code, "an export name has at most \(stringLimit) bytes, none of them NUL")
  }

  func invalid(_ code: OptionCode, _ message: String) -> Step {
    refuse(code, .invalid, message)
  }

  func refuse(_ code: OptionCode, _ type: OptionReplyType, _ message: String) -> Step {
    .send(OptionReply(code, type, message: message).encode())
  }
}
