import DiskModel
import NBDProtocol

/// What a request asks of a read-only disk, once it was found to make sense.
enum CheckedRequest {
  case read(Range<Int>, isSplittable: Bool)
  case blockStatus(Range<Int>, isOneEnough: Bool, contexts: [MetaContext])
  /// There is nothing to do: the request succeeds.
  case nothing
  case disconnect
  case refused(ErrorNumber, StaticString)
}

extension Responder {
  /// Checks a request against the disk and what was agreed on.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - payload: What followed it, unless that was thrown away.
  /// - Returns: What it asks for, or why it is refused.
  func check(_ request: Request, payload: [UInt8]? = nil) -> CheckedRequest {
    switch request.command {
    case .write, .trim, .writeZeroes:
      return .refused(.notPermitted, "the export is read-only")
    case .disconnect:
      return .disconnect
    case .flush:
      return isAllowed(request.flags, []) ? .nothing : Self.wrongFlags
    case .cache:
      guard isAllowed(request.flags, []) else { return Self.wrongFlags }
      return range(of: request) == nil ? Self.outside : .nothing
    case .read:
      let allowed: CommandFlags = form == .simple ? [] : .dontFragment
      guard isAllowed(request.flags, allowed) else { return Self.wrongFlags }
      guard let range = range(of: request) else { return Self.outside }
      guard range.count <= lengthLimit else {
        return .refused(form == .simple ? .invalid : .overflow, "too long for a read")
      }
      let isSplittable = form != .simple && !request.flags.contains(.dontFragment)
      guard isSplittable || range.count <= BlockSizes.maximumPayload else {
        if form != .simple { return .refused(.overflow, "too long to be sent unfragmented") }
        return .refused(.invalid, "longer than the maximum payload")
      }
      return .read(range, isSplittable: isSplittable)
    case .blockStatus:
      guard !contexts.isEmpty else { return .refused(.invalid, "no meta context was selected") }
      return checkBlockStatus(request, payload: payload)
    default:
      return .refused(.invalid, "the command is not known")
    }
  }

  private func checkBlockStatus(_ request: Request, payload: [UInt8]?) -> CheckedRequest {
    var (request, contexts) = (request, contexts)
    var allowed = CommandFlags.requestOne
    if form == .extended { allowed.insert(.payloadLength) }
    guard isAllowed(request.flags, allowed) else { return Self.wrongFlags }
    if request.flags.contains(.payloadLength) {
      guard let payload, let decoded = BlockStatusPayload(decoding: payload, selected: contexts)
      else { return .refused(.invalid, "what follows the request is no list of selected contexts") }
      guard !decoded.contexts.isEmpty else {
        return .refused(.invalid, "the request is about no meta context")
      }
      request.length = decoded.length
      contexts = decoded.contexts
    }
    guard let range = range(of: request) else { return Self.outside }
    let isOneEnough = request.flags.contains(.requestOne)
    return .blockStatus(range, isOneEnough: isOneEnough, contexts: contexts)
  }

  /// FUA is offered, and so is allowed with every command.
  private func isAllowed(_ flags: CommandFlags, _ allowed: CommandFlags) -> Bool {
    allowed.union(.forceUnitAccess).isSuperset(of: flags)
  }

  private static let wrongFlags =
    CheckedRequest.refused(.invalid, "a flag is not known, or not for this command")

  private static let outside =
    CheckedRequest.refused(.invalid, "the range is empty, or not inside the export")

  /// The bytes that a request is about; `nil` if there are none, or if they
  /// are not all on the disk.
  private func range(of request: Request) -> Range<Int>? {
    guard request.length > 0, let offset = Int(exactly: request.offset),
      let length = Int(exactly: request.length)
    else { return nil }
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end <= disk.size else { return nil }
    return offset..<end
  }
}
